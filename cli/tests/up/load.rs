//! The address that `banyan load` asks without `--url`.

use serde_json::Value;

use crate::folder::Folder;

#[tokio::test]
async fn load_asks_the_proxy_of_the_board_that_runs() {
    let folder = Folder::new();
    let board = folder.up().await;
    let report = folder.run(&["load", "--writes", "60", "--json"]).await;
    assert_eq!((report.code, report.stderr.as_str()), (Some(0), ""), "{}", report.stdout);
    let json: Value = serde_json::from_str(&report.stdout).expect("a report in JSON");
    let routes = folder.run(&["status"]).await.stdout;
    let asked = json["url"].as_str().expect("the URL that was asked");
    assert!(routes.contains(&format!("  {asked} ")), "{asked} is not in {routes}");
    let answer = board.get("monolith", "/api/users?order=desc&limit=1&view=full").await;
    assert!(answer.json()[0]["id"].as_u64() > Some(4), "{answer:?}");
}

#[tokio::test]
async fn load_says_where_no_board_runs() {
    let folder = Folder::new();
    let said = folder.run(&["load"]).await;
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("nothing runs on"), "{}", said.stderr);
}
