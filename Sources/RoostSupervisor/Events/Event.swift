package import RoostJSON
package import RoostPolicy

/// Something that happened, as the event stream tells it.
package struct Event: Sendable {
    /// The types of the contract's event stream that the supervisor itself tells.
    package enum Kind: String, Sendable, CaseIterable {
        case configChanged = "config_changed"
        case configRejected = "config_rejected"
        case worker
        case error
    }

    package var kind: Kind
    package var time: WallTime
    package var data: JSONObject

    package init(_ kind: Kind, time: WallTime, data: JSONObject) {
        self.kind = kind
        self.time = time
        self.data = data
    }
}
