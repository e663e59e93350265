//! Exports that other stacks import.

use crate::fake::Crash;
use crate::stand::Stand;

const PRODUCER: &str = "Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: producer, NetworkFabricType: NONE}}}
Outputs: {Id: {Value: !Ref Env, Export: {Name: made}}}";
const CONSUMER: &str = "Resources: {App: {Type: AWS::RefactorSpaces::Application, Properties: {Name: consumer, EnvironmentIdentifier: !ImportValue made, ProxyType: API_GATEWAY, VpcId: vpc-01234567}}}";

#[test]
fn a_stack_whose_export_is_imported_is_not_deleted() {
    let stand = Stand::new();
    stand.deploy("producer", "CREATE", PRODUCER, &[]);
    let imports = || stand.ask("ListImports", &[("ExportName", "made")]);
    assert_eq!(imports().text("Message"), "Export 'made' is not imported by any stack.");
    assert_eq!(stand.deploy("consumer", "CREATE", CONSUMER, &[]), "CREATE_COMPLETE");
    assert_eq!(imports().texts("member"), ["consumer"]);
    let refused = stand.ask("DeleteStack", &[("StackName", "producer")]);
    let message = "Export made cannot be deleted as it is in use by consumer";
    assert_eq!(refused.text("Message"), message);
    assert_eq!(stand.status("producer"), "CREATE_COMPLETE");
    for name in ["consumer", "producer"] {
        let id = stand.ask("DescribeStacks", &[("StackName", name)]).text("StackId");
        stand.ask("DeleteStack", &[("StackName", name)]);
        assert_eq!(stand.status(&id), "DELETE_COMPLETE", "{name}");
    }
}

const PLAIN: &str = "Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: reader, NetworkFabricType: NONE}}}";
const READER: &str = "Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: reader, NetworkFabricType: NONE, Tags: [{Key: producer, Value: !ImportValue made}]}}}";

/// Requests are answered at once, and carried out in their order.
#[test]
fn a_stack_that_is_imported_while_its_deletion_waits_is_not_deleted() {
    for action in ["CreateStack", "UpdateStack"] {
        let stand = Stand::new();
        stand.deploy("producer", "CREATE", PRODUCER, &[]);
        if action == "UpdateStack" {
            stand.deploy("reader", "CREATE", PLAIN, &[]);
        }
        stand.world.forget_calls();
        stand.world.crash_at(0, Crash::Before);
        let send = |action, name, template| {
            let fields = [("StackName", name), ("TemplateBody", template)];
            let answer = stand.ask(action, &fields);
            assert!(answer.status.is_success(), "{}", answer.body);
        };
        let busy = PLAIN.replace("reader", "busy");
        send("CreateStack", "busy", &busy);
        assert!(stand.world.crashed(|| false));
        send(action, "reader", READER);
        let deleted = stand.ask("DeleteStack", &[("StackName", "producer")]);
        assert!(deleted.status.is_success(), "nothing imports from it yet: {}", deleted.body);

        let stand = stand.restarted();
        assert_eq!(stand.status("producer"), "DELETE_FAILED", "{action}");
        let shown = stand.ask("DescribeStacks", &[("StackName", "producer")]);
        let reason = "Export made cannot be deleted as it is in use by reader";
        assert_eq!(shown.text("StackStatusReason"), reason, "{action}");
        assert_eq!(stand.world.picture().len(), 3, "{action}");
        for name in ["reader", "producer"] {
            let id = stand.ask("DescribeStacks", &[("StackName", name)]).text("StackId");
            stand.ask("DeleteStack", &[("StackName", name)]);
            assert_eq!(stand.status(&id), "DELETE_COMPLETE", "{action} {name}");
        }
    }
}

#[test]
fn a_rollback_that_cannot_tell_what_the_stack_imports_forgets_no_import() {
    let stand = Stand::new();
    stand.deploy("producer", "CREATE", PRODUCER, &[]);
    stand.deploy("reader", "CREATE", READER, &[]);
    let id = stand.ask("DescribeStacks", &[("StackName", "reader")]).text("StackId");
    // As another version may have left it: the name of the import cannot be worked out.
    let template =
        format!("{PLAIN}\nOutputs: {{O: {{Value: !ImportValue {{'Fn::Select': [7, [a, b]]}}}}}}");
    stand.alter_stack(&id, "definition.template", &template);
    stand.world.refuse(Some("update"));
    assert_eq!(stand.deploy("reader", "UPDATE", PLAIN, &[]), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stand.ask("ListImports", &[("ExportName", "made")]).texts("member"), ["reader"]);
}

#[test]
fn a_rollback_that_fails_keeps_the_imports_that_are_still_in_use() {
    let stand = Stand::new();
    stand.deploy("producer", "CREATE", PRODUCER, &[]);
    let last = "Last: {Type: AWS::RefactorSpaces::Environment, DependsOn: Env, Properties: {Name: last, NetworkFabricType: NONE}}";
    let with_last = READER.replace("Resources: {", &format!("Resources: {{{last}, "));
    stand.deploy("reader", "CREATE", PLAIN, &[]);
    stand.world.forget_calls();
    // Env takes the import over, Last cannot be made, and Env cannot be put back.
    stand.world.fail_at(&[1, 2]);
    assert_eq!(stand.deploy("reader", "UPDATE", &with_last, &[]), "UPDATE_ROLLBACK_FAILED");
    assert_eq!(stand.world.calls(), ["update Env", "create Last", "update Env"]);
    assert_eq!(stand.ask("ListImports", &[("ExportName", "made")]).texts("member"), ["reader"]);
}
