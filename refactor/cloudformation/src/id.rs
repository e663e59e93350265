//! Ids that are given out: ARNs and UUIDs.

/// The one account there is.
pub(crate) const ACCOUNT: &str = "000000000000";

/// A random UUID (RFC 9562, version 4).
pub(crate) fn uuid() -> String {
    let bits = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}

/// ARN of a new stack.
pub(crate) fn stack(region: &str, name: &str) -> String {
    format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/{}", uuid())
}

/// ARN of a new change set.
pub(crate) fn change_set(region: &str, name: &str) -> String {
    format!("arn:aws:cloudformation:{region}:{ACCOUNT}:changeSet/{name}/{}", uuid())
}

/// Id of an operation, 20 characters: it is part of the tokens of its steps, which may have 64.
pub(crate) fn operation() -> String {
    format!("op-{:017x}", fastrand::u128(..) >> 60)
}
