package import RoostJSON
package import RoostPolicy
import RoostProtocol

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

    /// What a ring of so many events needs, those of workers having 250 to 300 bytes each.
    package static func bytes(of count: Int) -> Int { max(count, 100) * 384 }
}

extension RoostProtocol.Event {
    /// As it is kept and sent.
    init(_ event: Event) {
        self.init()
        type = event.kind.rawValue
        atNs = event.time.nanoseconds
        dataJson = JSONWriter.compact(.object(event.data))
    }
}
