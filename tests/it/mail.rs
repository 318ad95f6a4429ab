//! Mail, over a real connection to a mail server: what is sent, to whom, and what happens when it is not taken.

use crate::support::server::{EMAIL, PASSWORD};
use crate::support::smtp::Smtp;
use crate::support::{TestServer, eventually};
use generic_corp_protocol::ErrorCode;
use generic_corp_protocol::rest::{NewInviteLink, Registered, Session};
use serde_json::json;

const NEW: &str = "a fresh pair of ferrets";

async fn hub(server: &Smtp) -> TestServer {
    let hub = TestServer::builder()
        .with("mail.url", server.url())
        .with("mail.from", "Hub <hub@example.com>")
        .with("server.public_url", "https://hub.example.com")
        .with("auth.registration", "open");
    hub.with_metrics().alone().start().await
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_a_mailed_link_also_when_the_server_was_busy() {
    let server = Smtp::start(1).await;
    let hub = hub(&server).await;
    let anybody = hub.anybody();
    let mut answers = Vec::new();
    for email in ["stranger@example.com", EMAIL] {
        let answer = anybody
            .post("/auth/forgot", &json!({ "email": email }))
            .await;
        answers.push((answer.status.as_u16(), answer.body));
    }
    assert_eq!(answers[0], (202, Vec::new()));
    assert_eq!(answers[0], answers[1], "who has an account is not told");
    let letter = server.letter(0).await;
    assert_eq!(letter.to, EMAIL);
    assert_eq!(
        server.attempts(),
        2,
        "it was sent again, and to nobody else"
    );
    assert!(letter.text.contains("https://hub.example.com/reset#"));
    let token = letter.token("reset");
    let reset = json!({ "token": token, "password": NEW });
    assert_eq!(anybody.post("/auth/reset", &reset).await.status, 204);
    let again = anybody.post("/auth/reset", &reset).await;
    assert_eq!(again.code(), ErrorCode::InvalidToken);
    let login = json!({ "email": EMAIL, "password": NEW });
    let _: Session = anybody.post("/auth/login", &login).await.ok();
    assert!(!hub.log().contains(&token), "links are not written down");
}

#[tokio::test]
async fn an_account_is_made_when_its_address_is_confirmed() {
    let server = Smtp::start(0).await;
    let hub = hub(&server).await;
    let register = async |email: &str, organization: &str| -> Registered {
        let new = json!({
            "email": email, "name": "Eve", "password": PASSWORD, "organization": organization,
        });
        hub.anybody().post("/auth/register", &new).await.ok()
    };
    assert_eq!(register("eve@example.com", "eves").await.next, "confirm");
    let letter = server.letter(0).await;
    assert_eq!(letter.to, "eve@example.com");
    let login = json!({ "email": "eve@example.com", "password": PASSWORD });
    let early = hub.anybody().post("/auth/login", &login).await;
    assert_eq!(early.code(), ErrorCode::InvalidCredentials);
    let token = letter.token("confirm");
    // Who has the mailbox but did not register it gets no account with another's password.
    let other = json!({ "token": token, "password": "somebody else's" });
    let refused = hub.anybody().post("/auth/confirm", &other).await;
    assert_eq!(refused.code(), ErrorCode::InvalidCredentials);
    let both = json!({ "token": token, "password": PASSWORD });
    let session: Session = hub.anybody().post("/auth/confirm", &both).await.ok();
    assert_eq!(session.user.email, "eve@example.com");
    let again = hub.anybody().post("/auth/confirm", &both).await;
    assert_eq!(again.code(), ErrorCode::InvalidToken);

    // The same answer for an address that has an account; only its owner is told.
    assert_eq!(register(EMAIL, "adas").await.next, "confirm");
    let letter = server.letter(1).await;
    assert_eq!(letter.to, EMAIL);
    assert!(letter.text.contains("You have an account"));
    assert!(!letter.text.contains("/confirm#"));
}

#[tokio::test]
async fn an_invite_is_mailed_and_a_refused_letter_is_counted() {
    let server = Smtp::start(0).await;
    let hub = hub(&server).await;
    let ada = hub.admin().await;
    let invite = async |email: &str| -> NewInviteLink {
        let new = json!({ "role": "member", "email": email });
        ada.post("/organizations/main/invites", &new).await.ok()
    };
    let made = invite("nobody@example.com").await;
    assert!(
        made.sent,
        "it was handed over; whether it arrives is not known"
    );
    let failed = "generic_corp_mail_total{outcome=\"failed\"}";
    eventually("the refusal is counted", async || {
        // One try: what is refused for good is not sent again.
        (hub.metric(failed).await >= 1.0).then_some(())
    })
    .await;
    assert_eq!(server.attempts(), 1);
    let made = invite("eve@example.com").await;
    let letter = server.letter(0).await;
    assert_eq!(letter.to, "eve@example.com");
    assert_eq!(letter.token("invite"), made.token);
    for secret in ["nobody@example.com", &made.token] {
        assert!(!hub.log().contains(secret), "{secret} is written down");
    }
}
