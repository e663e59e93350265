//! The stack that the program makes itself, on a control plane that fails.

use std::sync::Arc;

use super::stand::{MONOLITH, Stand};
use crate::first_stack::FirstStack;

#[test]
fn a_first_stack_that_could_not_be_made_is_made_at_the_next_attempt() {
    let stand = Stand::new();
    let data = tempfile::tempdir().unwrap();
    let first = FirstStack {
        stacks: Arc::clone(&stand.api),
        monolith: MONOLITH.1.parse().unwrap(),
        data_dir: data.path().to_owned(),
    };
    stand.world.fail_at(&[1]);
    let failed = first.bring().unwrap_err();
    assert!(failed.contains("could not lead to"), "{failed}");
    assert_eq!(stand.status("banyan"), "ROLLBACK_COMPLETE");
    assert_eq!(first.bring(), Ok(()));
    assert_eq!(stand.status("banyan"), "CREATE_COMPLETE");
}
