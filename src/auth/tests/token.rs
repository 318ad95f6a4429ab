//! Forged and old access tokens.

use super::*;
use crate::auth::access_token::{AccessTokens, Claims};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as B64, Engine};

fn forge(header: &str, claims: &str, signature: &str) -> String {
    format!("{}.{}.{signature}", B64.encode(header), B64.encode(claims))
}

/// Signs as the hub would, with a header and claims of one's choice.
fn sign(header: &str, claims: &str) -> String {
    let key = secret::mac(SECRET.as_bytes(), &[b"access token, version 1"]);
    let head = format!("{}.{}", B64.encode(header), B64.encode(claims));
    let signature = secret::mac(&key, &[head.as_bytes()]);
    format!("{head}.{}", B64.encode(signature))
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let hub = Hub::open().await;
    let session = hub.sign_up("ann@example.com", "acme").await;
    let good = session.access_token;
    let parts: Vec<_> = good.split('.').collect();
    let text = |part: &str| String::from_utf8(B64.decode(part).expect("base64")).expect("UTF-8");
    let (header, claims) = (text(parts[0]), text(parts[1]));
    assert_eq!(
        sign(&header, &claims),
        good,
        "the test signs as the hub does"
    );

    let swap = |from: &str, to: &str| {
        assert!(header.contains(from), "{header}");
        sign(&header.replace(from, to), &claims)
    };
    let mut forged = vec![
        forge(r#"{"alg":"none","typ":"at+jwt"}"#, &claims, ""),
        forge(&header.replace("HS256", "none"), &claims, parts[2]),
        swap("HS256", "RS256"),
        swap("HS256", "HS512"),
        swap("at+jwt", "JWT"),
        swap(r#""kid":""#, r#""kid":"../../x"#),
        swap(r#""kid":""#, r#""kid":"' OR 1=1 --"#),
        sign(r#"{"alg":"HS256","typ":"at+jwt"}"#, &claims),
        forge(&header, &claims.replace("\"gen\":0", "\"gen\":1"), parts[2]),
        format!("{}.{}.{}A", parts[0], parts[1], parts[2]),
        session.refresh_token,
        String::new(),
        "x".repeat(100_000),
        "a.b.c".to_owned(),
    ];
    for (from, to) in [
        ("\"iss\":\"generic-corp\"", "\"iss\":\"other\""),
        ("generic-corp-hub", "other"),
        ("\"gen\":0", "\"gen\":1"),
        ("\"exp\":", "\"x\":"),
        ("\"nbf\":", "\"x\":"),
        ("\"nbf\":", "\"nbf\":9"),
        ("\"exp\":", "\"exp\":\"9\",\"x\":"),
        (&session.user.id.to_string(), &ApiKeyId::new().to_string()),
    ] {
        assert!(claims.contains(from), "{from} in {claims}");
        forged.push(sign(&header, &claims.replace(from, to)));
    }
    for token in forged {
        assert_eq!(
            hub.refused(&token).await,
            ErrorCode::InvalidToken,
            "{token:.300}"
        );
    }
    hub.auth
        .authenticate(&good)
        .await
        .expect("the genuine one still");
}

#[tokio::test]
async fn an_expired_token_is_told_so() {
    let hub = Hub::open().await;
    let session = hub.sign_up("ann@example.com", "acme").await;
    let claims = AccessTokens::new(&SECRET.into(), Duration::from_secs(900));
    let mut claims: Claims = claims.read(&session.access_token).expect("ours");
    claims.exp = Timestamp::now().0 / 1000 - 60;
    let header = session.access_token.split('.').next().expect("a header");
    let header = String::from_utf8(B64.decode(header).expect("base64")).expect("UTF-8");
    let old = sign(&header, &serde_json::to_string(&claims).expect("JSON"));
    assert_eq!(hub.refused(&old).await, ErrorCode::TokenExpired);

    let principal = Principal::User {
        id: session.user.id,
        name: "Ann".to_owned(),
        session: claims.sid,
        expires_at: Timestamp::now(),
    };
    assert!(!hub.auth.is_live(&principal).await.expect("asked"));
}
