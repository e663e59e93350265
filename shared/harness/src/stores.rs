//! The same cases for each store.

/// Makes a test of each case for each store: `async fn case(setup: Setup)` gets the program set up
/// with SQLite, and in an ignored test, which needs `TEST_DATABASE_URL`, with PostgreSQL.
#[macro_export]
macro_rules! on_both_stores {
    ($binary:expr; $($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case($crate::Setup::new($binary)).await;
            })*
        }
        mod postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                let database = $crate::postgres().await;
                super::$case($crate::Setup::new($binary).postgres(database)).await;
            })*
        }
    };
}

/// Makes a test of each case for each pair of stores that a collection moves between: `async fn
/// case(source: Setup, target: Setup)` gets both programs set up, with a token. The tests with
/// PostgreSQL are ignored: they need `TEST_DATABASE_URL`.
#[macro_export]
macro_rules! on_store_pairs {
    ($binary:expr; $($case:ident),* $(,)?) => {
        mod sqlite_to_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let program = || $crate::Setup::new($binary).movable();
                super::$case(program(), program()).await;
            })*
        }
        mod sqlite_to_postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                let program = || $crate::Setup::new($binary).movable();
                super::$case(program(), program().postgres($crate::postgres().await)).await;
            })*
        }
        mod postgresql_to_postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                let program = || $crate::Setup::new($binary).movable();
                let (one, other) = ($crate::postgres().await, $crate::postgres().await);
                super::$case(program().postgres(one), program().postgres(other)).await;
            })*
        }
    };
}
