/// Who else is restarted when a member of a group has failed (OTP design principles, restart strategy).
package enum RestartStrategy: String, Sendable, CaseIterable {
    case oneForOne = "one_for_one"
    /// Those that come later in the start order.
    case restForOne = "rest_for_one"
    case oneForAll = "one_for_all"

    /// The other members to restart; `members` is the group in start order.
    package func companions(of failed: String, in members: [String]) -> [String] {
        switch self {
        case .oneForOne: []
        case .oneForAll: members.filter { $0 != failed }
        case .restForOne: members.firstIndex(of: failed).map { Array(members[($0 + 1)...]) } ?? []
        }
    }
}
