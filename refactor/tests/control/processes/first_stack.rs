//! The first stack of several processes.

use harness::{Manner, Neighbour, postgres, until};

use super::fixture::{ask, process, unready};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn processes_stay_ready_after_the_first_stack_is_deleted() {
    let database = postgres().await;
    let monolith = Neighbour::start(Manner::Has(vec![1]));
    let start = async |name: &str| {
        process(database.url(), name).env("MONOLITH_URL", monolith.url()).start().await
    };
    let one = start("one").await;
    until("it is ready", async || unready(&one).await.is_none()).await;
    let delete = [("Action", "DeleteStack"), ("StackName", "banyan")];
    let answer = ask(&one, &delete).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let describe = [("Action", "DescribeStacks"), ("StackName", "banyan")];
    until("the stack is gone", async || ask(&one, &describe).await.unwrap().status == 400).await;
    assert_eq!(unready(&one).await, None);
    let two = start("two").await;
    until("the other one is ready", async || unready(&two).await.is_none()).await;
}
