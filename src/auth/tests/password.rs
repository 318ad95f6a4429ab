//! Passwords that are new, hashes that are old, and secrets that change.

use super::*;
use secrecy::SecretString;

#[tokio::test]
async fn passwords_that_are_guessed_first_are_refused() {
    let hub = Hub::open().await;
    for weak in [
        "1234567890",
        "password123",
        "qwertyuiop",
        "aaaaaaaaaaaaaaaa",
        "ann@example.com",
        "iloveyou12",
    ] {
        let refused = hub.auth.prepare_user("ann@example.com", "Ann", weak).await;
        let refused = refused.err().expect("refused");
        assert_eq!(refused.code(), ErrorCode::Invalid, "{weak}");
        assert!(!refused.to_string().contains(weak));
    }
}

#[tokio::test]
async fn signing_in_renews_a_hash_of_another_cost() {
    let hub = Hub::open().await;
    hub.sign_up("ann@example.com", "acme").await;
    let hash = async || {
        let user = hub.store.user_by_email("ann@example.com").await;
        user.expect("asked").expect("there").password_hash
    };
    let options = Options {
        secret: SECRET.into(),
        access_lifetime: Duration::from_secs(900),
        refresh_lifetime: Duration::from_secs(86_400),
        bcrypt_cost: 5,
    };
    let dearer = Auth::new(hub.store.clone(), options);
    assert!(hash().await.starts_with("$2b$04$"));
    let wrong = dearer
        .login("ann@example.com", "wrong password", HOME)
        .await;
    assert!(wrong.is_err());
    assert!(hash().await.starts_with("$2b$04$"), "only by the right one");
    let right = dearer.login("ann@example.com", PASSWORD, HOME).await;
    let session = right.expect("in");
    let renewed = hash().await;
    assert!(renewed.starts_with("$2b$05$"), "{renewed}");
    dearer
        .authenticate(&session.access_token)
        .await
        .expect("in");
    dearer
        .login("ann@example.com", PASSWORD, HOME)
        .await
        .expect("in");
    assert_eq!(hash().await, renewed, "once");
}

#[tokio::test]
async fn an_older_secret_is_read_until_it_is_taken_out() {
    let hub = Hub::open().await;
    let old = hub.sign_up("ann@example.com", "acme").await;
    let with = |previous: Vec<SecretString>| {
        let options = Options {
            secret: Secrets::new("another secret, another secret!!".into(), previous),
            access_lifetime: Duration::from_secs(900),
            refresh_lifetime: Duration::from_secs(86_400),
            bcrypt_cost: 4,
        };
        Auth::new(hub.store.clone(), options)
    };
    let rotated = with(vec![SECRET.into()]);
    rotated.authenticate(&old.access_token).await.expect("in");
    let new = rotated.refresh(&old.refresh_token).await.expect("traded");
    // A lost answer is repeated, also by a node that was restarted in between.
    let again = rotated.refresh(&old.refresh_token).await.expect("traded");
    assert_eq!(new.refresh_token, again.refresh_token);
    assert!(hub.auth.authenticate(&new.access_token).await.is_err());
    let alone = with(Vec::new());
    assert!(alone.authenticate(&old.access_token).await.is_err());
    alone.authenticate(&new.access_token).await.expect("in");
    assert!(alone.refresh(&old.refresh_token).await.is_err());
    alone.refresh(&new.refresh_token).await.expect("traded");
}
