//! Exports that other stacks import.

use crate::fake::Crash;
use crate::fixture::Fixture;

const PRODUCER: &str = "Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: producer, NetworkFabricType: NONE}}}
Outputs: {Id: {Value: !Ref Env, Export: {Name: made}}}";
const CONSUMER: &str = "Resources: {App: {Type: AWS::RefactorSpaces::Application, Properties: {Name: consumer, EnvironmentIdentifier: !ImportValue made, ProxyType: API_GATEWAY, VpcId: vpc-01234567}}}";

#[test]
fn a_stack_whose_export_is_imported_is_not_deleted() {
    let fixture = Fixture::new();
    fixture.deploy("producer", "CREATE", PRODUCER, &[]);
    let imports = || fixture.ask("ListImports", &[("ExportName", "made")]);
    assert_eq!(imports().text("Message"), "Export 'made' is not imported by any stack.");
    assert_eq!(fixture.deploy("consumer", "CREATE", CONSUMER, &[]), "CREATE_COMPLETE");
    assert_eq!(imports().texts("member"), ["consumer"]);
    let refused = fixture.ask("DeleteStack", &[("StackName", "producer")]);
    let message = "Export made cannot be deleted as it is in use by consumer";
    assert_eq!(refused.text("Message"), message);
    assert_eq!(fixture.status("producer"), "CREATE_COMPLETE");
    for name in ["consumer", "producer"] {
        let id = fixture.ask("DescribeStacks", &[("StackName", name)]).text("StackId");
        fixture.ask("DeleteStack", &[("StackName", name)]);
        assert_eq!(fixture.status(&id), "DELETE_COMPLETE", "{name}");
    }
}

const PLAIN: &str = "Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: reader, NetworkFabricType: NONE}}}";
const READER: &str = "Resources: {Env: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: reader, NetworkFabricType: NONE, Tags: [{Key: producer, Value: !ImportValue made}]}}}";

/// Requests are answered at once, and carried out in their order.
#[test]
fn a_stack_that_is_imported_while_its_deletion_waits_is_not_deleted() {
    for action in ["CreateStack", "UpdateStack"] {
        let fixture = Fixture::new();
        fixture.deploy("producer", "CREATE", PRODUCER, &[]);
        if action == "UpdateStack" {
            fixture.deploy("reader", "CREATE", PLAIN, &[]);
        }
        fixture.world.forget_calls();
        fixture.world.crash_at(0, Crash::Before);
        let send = |action, name, template| {
            let fields = [("StackName", name), ("TemplateBody", template)];
            let answer = fixture.ask(action, &fields);
            assert!(answer.status.is_success(), "{}", answer.body);
        };
        let busy = PLAIN.replace("reader", "busy");
        send("CreateStack", "busy", &busy);
        assert!(fixture.world.crashed(|| false));
        send(action, "reader", READER);
        let deleted = fixture.ask("DeleteStack", &[("StackName", "producer")]);
        assert!(deleted.status.is_success(), "nothing imports from it yet: {}", deleted.body);

        let fixture = fixture.restarted();
        assert_eq!(fixture.status("producer"), "DELETE_FAILED", "{action}");
        let shown = fixture.ask("DescribeStacks", &[("StackName", "producer")]);
        let reason = "Export made cannot be deleted as it is in use by reader";
        assert_eq!(shown.text("StackStatusReason"), reason, "{action}");
        assert_eq!(fixture.world.picture().len(), 3, "{action}");
        for name in ["reader", "producer"] {
            let id = fixture.ask("DescribeStacks", &[("StackName", name)]).text("StackId");
            fixture.ask("DeleteStack", &[("StackName", name)]);
            assert_eq!(fixture.status(&id), "DELETE_COMPLETE", "{action} {name}");
        }
    }
}

#[test]
fn a_rollback_that_cannot_tell_what_the_stack_imports_forgets_no_import() {
    let fixture = Fixture::new();
    fixture.deploy("producer", "CREATE", PRODUCER, &[]);
    fixture.deploy("reader", "CREATE", READER, &[]);
    let id = fixture.ask("DescribeStacks", &[("StackName", "reader")]).text("StackId");
    // As another version may have left it: the name of the import cannot be worked out.
    let template =
        format!("{PLAIN}\nOutputs: {{O: {{Value: !ImportValue {{'Fn::Select': [7, [a, b]]}}}}}}");
    fixture.alter_stack(&id, "definition.template", &template);
    fixture.world.refuse(Some("update"));
    assert_eq!(fixture.deploy("reader", "UPDATE", PLAIN, &[]), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(fixture.ask("ListImports", &[("ExportName", "made")]).texts("member"), ["reader"]);
}

#[test]
fn a_rollback_that_fails_keeps_the_imports_that_are_still_in_use() {
    let fixture = Fixture::new();
    fixture.deploy("producer", "CREATE", PRODUCER, &[]);
    let last = "Last: {Type: AWS::RefactorSpaces::Environment, DependsOn: Env, Properties: {Name: last, NetworkFabricType: NONE}}";
    let with_last = READER.replace("Resources: {", &format!("Resources: {{{last}, "));
    fixture.deploy("reader", "CREATE", PLAIN, &[]);
    fixture.world.forget_calls();
    // Env takes the import over, Last cannot be made, and Env cannot be put back.
    fixture.world.fail_at(&[1, 2]);
    assert_eq!(fixture.deploy("reader", "UPDATE", &with_last, &[]), "UPDATE_ROLLBACK_FAILED");
    assert_eq!(fixture.world.calls(), ["update Env", "create Last", "update Env"]);
    assert_eq!(fixture.ask("ListImports", &[("ExportName", "made")]).texts("member"), ["reader"]);
}
