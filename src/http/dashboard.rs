//! The dashboard: the files that `build.rs` bundled, embedded, served with what a browser may keep of them.

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETag,
    EntityTag, Header as _, IfNoneMatch, REFERRER_POLICY, VARY,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use rust_embed::{Embed, EmbeddedFile};

/// What the dashboard's pages may load and do: their own files, no inline script or style, and they never
/// parse text as HTML: no policy of Trusted Types may be made.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Addresses of views; each gets the one page, which reads the address (`static/src/router.ts`).
const VIEWS: [&str; 14] = [
    "/",
    "/sign-in",
    super::CALLBACK,
    "/register",
    "/setup",
    "/invite",
    "/reset",
    "/confirm",
    "/forgot",
    "/w",
    "/w/{rest:.*}",
    "/o/{rest:.*}",
    "/account/{rest:.*}",
    "/cluster",
];

const INDEX: &str = "index.html";
/// The name of a file under `/assets` holds a hash of its content.
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK: &str = "no-cache";

#[derive(Embed)]
#[folder = "$OUT_DIR/ui"]
struct Files;

/// Whether the dashboard was built, or is a page that says why not.
pub const fn is_built() -> bool {
    matches!(env!("GENERIC_CORP_UI").as_bytes(), b"built")
}

/// Registers the views, their assets and the icon; other paths are left to the API.
pub fn configure(config: &mut ServiceConfig) {
    for view in VIEWS {
        config.service(web::resource(view).route(read().to(page)));
    }
    config
        .service(web::resource("/assets/{name}").route(read().to(asset)))
        .service(web::resource("/favicon.svg").route(read().to(icon)));
}

fn read() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn page(request: HttpRequest) -> HttpResponse {
    let mut answer = serve(&request, INDEX, ASK);
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(
            name,
            actix_web::http::header::HeaderValue::from_static(value),
        );
    }
    answer
}

async fn asset(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    serve(&request, &format!("assets/{name}"), FOREVER)
}

async fn icon(request: HttpRequest) -> HttpResponse {
    serve(&request, "favicon.svg", ASK)
}

/// A file, in gzip where the browser takes it, or 304 where the browser has it.
fn serve(request: &HttpRequest, path: &str, cache: &'static str) -> HttpResponse {
    let Some(plain) = Files::get(path).filter(|_| !path.ends_with(".gz")) else {
        return HttpResponse::NotFound()
            .insert_header((CACHE_CONTROL, "no-store"))
            .content_type("text/plain; charset=utf-8")
            .body("There is no such file.");
    };
    let packed = takes_gzip(request)
        .then(|| Files::get(&format!("{path}.gz")))
        .flatten();
    let encoding = packed.as_ref().map(|_| "gzip");
    let tag = tag(&plain, encoding);
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut answer = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header(ETag(tag))
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((VARY, ACCEPT_ENCODING.as_str()));
    if known {
        return answer.finish();
    }
    if let Some(encoding) = encoding {
        answer.insert_header((CONTENT_ENCODING, encoding));
    }
    answer
        .insert_header((CONTENT_TYPE, media_type(&plain)))
        .body(packed.unwrap_or(plain).data.into_owned())
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request
        .headers()
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| {
        list.split(',').any(|entry| {
            let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
            name.trim() == "gzip"
                && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    })
}

/// From the content, so that every node and every restart gives the same.
fn tag(file: &EmbeddedFile, encoding: Option<&str>) -> EntityTag {
    let hash = file.metadata.sha256_hash();
    let short: String = hash[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    EntityTag::new_strong(format!(
        "{short}{}",
        encoding.map(|name| format!("-{name}")).unwrap_or_default()
    ))
}

fn media_type(file: &EmbeddedFile) -> String {
    let kind = file.metadata.mimetype();
    if kind.starts_with("text/") {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::{Method, StatusCode};
    use actix_web::{App, test};

    async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> ServiceResponse {
        let app = test::init_service(App::new().configure(configure)).await;
        let request = test::TestRequest::default().method(method).uri(path);
        let request = headers
            .iter()
            .fold(request, |request, header| request.insert_header(*header));
        test::call_service(&app, request.to_request()).await
    }

    fn header<'a>(answer: &'a ServiceResponse, name: &str) -> &'a str {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    #[actix_web::test]
    async fn every_view_is_the_one_page_and_other_paths_are_not() {
        for path in [
            "/",
            "/sign-in",
            "/setup",
            "/w/main",
            "/w/main/rooms/deploy/streams/1",
            "/o/acme/usage",
            "/account/profile",
        ] {
            let answer = ask(Method::GET, path, &[]).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&answer, "cache-control"), "no-cache");
            assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
            assert_eq!(header(&answer, "content-security-policy"), POLICY);
        }
        for path in [
            "/api/v1/nothing",
            "/ws",
            "/assets/app-MISSING.js",
            "/assets/../index.html",
            "/nothing",
        ] {
            assert_eq!(
                ask(Method::GET, path, &[]).await.status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }

    #[actix_web::test]
    async fn an_asset_is_kept_for_ever_packed_where_asked_and_not_sent_twice() {
        let Some(script) = Files::iter().find(|name| name.ends_with(".js")) else {
            assert!(!is_built(), "a built dashboard has a script");
            return;
        };
        let path = format!("/{script}");
        let plain = ask(Method::GET, &path, &[("accept-encoding", "br, gzip;q=0")]).await;
        assert_eq!(
            header(&plain, "content-type"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(header(&plain, "cache-control"), FOREVER);
        assert_eq!(header(&plain, "content-encoding"), "");
        let packed = ask(Method::GET, &path, &[("accept-encoding", "gzip, deflate")]).await;
        assert_eq!(header(&packed, "content-encoding"), "gzip");
        let tag = header(&packed, "etag").to_owned();
        assert_ne!(tag, header(&plain, "etag"));
        let headers = [("accept-encoding", "gzip"), ("if-none-match", tag.as_str())];
        let again = ask(Method::GET, &path, &headers).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header(&again, "etag"), tag);
        assert_eq!(ask(Method::HEAD, &path, &[]).await.status(), StatusCode::OK);
        assert_eq!(
            ask(Method::POST, &path, &[]).await.status(),
            StatusCode::METHOD_NOT_ALLOWED
        );
    }

    #[test]
    async fn the_page_has_no_inline_script_or_style() {
        let page = Files::get(INDEX).expect("there is always a page");
        let text = String::from_utf8(page.data.into_owned()).expect("the page is UTF-8");
        assert!(
            !text.contains("<style") && !text.contains(" style=") && !text.contains("<script>")
        );
    }
}
