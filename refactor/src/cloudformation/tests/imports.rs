//! Exports that other stacks import.

use super::stand::Stand;

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
