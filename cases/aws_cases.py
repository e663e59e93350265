"""CloudFormation and Refactor Spaces, as real clients use them."""

import time

import botocore.exceptions

from lib import text

Refused = botocore.exceptions.ClientError


def refusal(call, **members):
    try:
        call(**members)
    except Refused as error:
        return str(error)
    raise AssertionError(f"taken: {members}")


def change_set(board, stack, template, kind="CREATE", **more):
    board.cloudformation.create_change_set(
        StackName=stack, ChangeSetName="one", ChangeSetType=kind, TemplateBody=text(template), **more)
    return board.cloudformation.describe_change_set(StackName=stack, ChangeSetName="one")


def a1(board):
    """yes, no, on and off are booleans, as YAML 1.1 and CloudFormation read them; a quoted one is text."""
    code, said = board.deploy("a1-flags", "A1.flags.yaml")
    assert code == 0, said
    code, said = board.deploy("a1-tags", "A1.tags-and-condition.yaml")
    assert code == 0, said
    found = [it for it in board.spaces.list_environments()["EnvironmentSummaryList"] if it["Name"] == "yaml-flags"][0]
    assert found["Description"] == "condition-held", found
    assert (found["Tags"]["plain"], found["Tags"]["quoted"]) == ("true", "YES"), found
    code, said = board.deploy("a1-quoted", "A1.quoted-is-refused.yaml")
    assert code != 0 and "EnableDnsSupport" in said, said


def a2(board):
    """Parameters take the ids of networks."""
    for kind, value in [("AWSECVPCId", "vpc-0123456789abcdef0"), ("AWSECSubnetId", "subnet-0123456789abcdef0"),
                        ("AWSECSecurityGroupId", "sg-0123456789abcdef0"),
                        ("ListAWSECSubnetId", "subnet-0123456789abcdef0,subnet-0123456789abcdef1")]:
        found = change_set(board, f"a2-{kind}", f"A2.{kind}.yaml",
                           Parameters=[{"ParameterKey": "P", "ParameterValue": value}])
        assert "P" in str(found["Parameters"]), found


def a4(board):
    """An environment without a policy has an empty one, and deleting none is no error."""
    arn = board.environment_arn
    assert board.spaces.get_resource_policy(Identifier=arn)["Policy"] == "{}"
    board.spaces.put_resource_policy(ResourceArn=arn, Policy='{"Statement":"x"}')
    board.spaces.delete_resource_policy(Identifier=arn)
    assert board.spaces.get_resource_policy(Identifier=arn)["Policy"] == "{}"
    board.spaces.delete_resource_policy(Identifier=arn)


def a5(board):
    """A member that an update does not mention keeps what it was; an empty one removes it."""
    def go(name, kind="UPDATE", value="one", **more):
        cf = board.cloudformation
        cf.create_change_set(StackName="a5", ChangeSetName=name, ChangeSetType=kind, TemplateBody=text("SMALL.yaml"),
                             Parameters=[{"ParameterKey": "Text", "ParameterValue": value}], **more)
        said = cf.describe_change_set(StackName="a5", ChangeSetName=name)
        if said["Status"] == "CREATE_COMPLETE":
            cf.execute_change_set(StackName="a5", ChangeSetName=name)
            waiter = "stack_create_complete" if kind == "CREATE" else "stack_update_complete"
            cf.get_waiter(waiter).wait(StackName="a5", WaiterConfig={"Delay": 1})
        stack = board.stack("a5")
        tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
        return said["Status"], tags, stack["NotificationARNs"]

    topic = "arn:aws:sns:local:000000000000:topic"
    made = go("made", "CREATE", Tags=[{"Key": "team", "Value": "board"}], NotificationARNs=[topic])
    assert made == ("CREATE_COMPLETE", {"team": "board"}, [topic]), made
    nothing = go("nothing-new")
    assert nothing == ("FAILED", {"team": "board"}, [topic]), nothing
    changed = go("text-only", value="two")
    assert changed == ("CREATE_COMPLETE", {"team": "board"}, [topic]), changed
    emptied = go("emptied", value="three", Tags=[], NotificationARNs=[])
    # boto3 sends no empty list of ARNs at all.
    assert emptied[0] == "CREATE_COMPLETE" and emptied[1] in ({}, {"team": "board"}), emptied


def a6(board):
    """What a request asks for is done, or refused by name."""
    cf = board.cloudformation
    for how, expected in [("DELETE", None), ("DO_NOTHING", "CREATE_FAILED")]:
        stack = f"a6-{how.lower().replace('_', '-')}"
        change_set(board, stack, "FAILING.yaml", OnStackFailure=how)
        cf.execute_change_set(StackName=stack, ChangeSetName="one")
        deadline = time.monotonic() + 30
        while True:
            try:
                found = board.stack(stack)["StackStatus"]
            except Refused:
                found = None
            if found == expected or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert found == expected, (how, found)
    code, said = board.aws_cli("cloudformation", "create-change-set", "--stack-name", "a6-perhaps", "--change-set-name",
                               "one", "--change-set-type", "CREATE", "--on-stack-failure", "PERHAPS",
                               "--template-body", "file://SMALL.yaml")
    assert code != 0 and ("OnStackFailure" in said or "onStackFailure" in said), said
    role = "arn:aws:iam::000000000000:role/deploy"
    change_set(board, "a6-role", "SMALL.yaml", RoleARN=role)
    cf.execute_change_set(StackName="a6-role", ChangeSetName="one")
    cf.get_waiter("stack_create_complete").wait(StackName="a6-role", WaiterConfig={"Delay": 1})
    assert board.stack("a6-role")["RoleARN"] == role


def a9(board):
    """An export is imported by another stack, and cannot go meanwhile."""
    assert board.deploy("a9-out", "A9.exports.yaml")[0] == 0
    code, said = board.deploy("a9-in", "A9.imports.yaml", "--parameter-overrides", "From=a9-out")
    assert code == 0, said
    assert "a9-in" in str(board.cloudformation.list_imports(ExportName="a9-out:Id")["Imports"])
    try:
        board.cloudformation.delete_stack(StackName="a9-out")
        board.cloudformation.get_waiter("stack_delete_complete").wait(
            StackName="a9-out", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
        raise AssertionError("the export is gone, and is still imported")
    except (Refused, botocore.exceptions.WaiterError):
        pass
    code, said = board.deploy("a9-none", "A9.imports.yaml", "--parameter-overrides", "From=nothing")
    assert code != 0 and "nothing:Id" in said, said


def a10(board):
    """Events are newest first, each with a time of its own; a stack in review has one."""
    cf = board.cloudformation
    made = cf.create_change_set(StackName="a10", ChangeSetName="one", ChangeSetType="CREATE",
                                TemplateBody=text("SMALL.yaml"), Capabilities=["CAPABILITY_IAM"])
    cf.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig={"Delay": 1})
    assert cf.describe_stack_events(StackName="a10")["StackEvents"]
    cf.execute_change_set(ChangeSetName=made["Id"])
    cf.get_waiter("stack_create_complete").wait(StackName="a10", WaiterConfig={"Delay": 1})
    stamps = [event["Timestamp"] for event in cf.describe_stack_events(StackName="a10")["StackEvents"]]
    assert stamps == sorted(stamps, reverse=True) and len(set(stamps)) == len(stamps), stamps


def a13(board):
    """The template of the user guide's first steps deploys, serves, and leaves nothing behind."""
    code, said = board.deploy("a13", "A13.yaml", "--parameter-overrides", f"BackendUrl={board.urls['monolith']}/api")
    assert code == 0, said
    outputs = {it["OutputKey"]: it["OutputValue"] for it in board.stack("a13")["Outputs"]}
    from lib import send
    assert send(outputs["Url"] + "/users/1")[0] == 200
    board.cloudformation.delete_stack(StackName="a13")
    board.cloudformation.get_waiter("stack_delete_complete").wait(StackName="a13", WaiterConfig={"Delay": 1})


def a15(board):
    """An endpoint that cannot be served is refused with the change set."""
    for name in ("A15.yaml", "A15.literal.yaml", "A15.without-arn.yaml"):
        code, said = board.deploy(name.lower().replace(".", "-"), name, "--parameter-overrides",
                                  f"EnvironmentId={board.environment}", f"ApplicationId={board.application}")
        assert code != 0 and "ROLLBACK" not in said and "Orders" in said, said


def a16(board):
    """Stacks are made and updated directly, and their resources read one by one."""
    cf = board.cloudformation
    cf.create_stack(StackName="a16", TemplateBody=text("SMALL.yaml"))
    cf.get_waiter("stack_create_complete").wait(StackName="a16", WaiterConfig={"Delay": 1})
    cf.update_stack(StackName="a16", TemplateBody=text("SMALL.yaml"),
                    Parameters=[{"ParameterKey": "Text", "ParameterValue": "two"}])
    cf.get_waiter("stack_update_complete").wait(StackName="a16", WaiterConfig={"Delay": 1})
    found = cf.describe_stack_resource(StackName="a16", LogicalResourceId="Env")["StackResourceDetail"]
    assert found["ResourceStatus"] == "UPDATE_COMPLETE", found
    cf.update_termination_protection(StackName="a16", EnableTerminationProtection=True)
    assert "protect" in refusal(cf.delete_stack, StackName="a16").lower()


def a17(board):
    """The constraints of a list are asked of each of its values."""
    for value, good in [("GET,POST", True), ("GET, POST", True), ("GET", True), ("GET,post", False)]:
        code, said = board.deploy("a17", "A17.yaml", "--parameter-overrides", f"List={value}")
        assert (code == 0) == good, (value, said)


CASES = [a1, a2, a4, a5, a6, a9, a10, a13, a15, a16, a17]
