import CLinux
import Glibc
import RoostReactor
import RoostSystemd

/// The descriptors that outlive this supervisor, by name: what it keeps, systemd's file descriptor store keeps too
/// (sd_notify(3), FDSTORE), and an upgrade in place hands them to the next program. Without a service manager only the
/// latter; then the workers hold what their next supervisor needs.
///
/// Names: `roostd.sock`, `NAME.sock`, listeners by theirs (`proxy.listen`), and `pipe.PID`, `tape.PID` of a process.
final class DescriptorStore {
    /// The descriptors for the program that takes this process over, as `NAME=NUMBER`, comma-separated.
    static let variable = "ROOST_HANDOVER"
    /// FileDescriptorStoreMax= of the unit.
    private static let most = 4096

    private enum Message: Equatable {
        case keep(String, Int32)
        case drop(String)
    }

    private let notifier: Notifier
    /// Numbers are their owners'; they live as long as they are kept.
    private(set) var kept: [String: Int32] = [:]
    /// What the service manager was too busy to take.
    private var unsent: [Message] = []
    /// What came from the supervisor before this one and nobody has taken yet.
    private var inherited: [(name: String, descriptor: SharedDescriptor)]

    init(_ notifier: Notifier, inherited: [(name: String, number: Int32)]) {
        self.notifier = notifier
        self.inherited = inherited.map { ($0.name, SharedDescriptor(owning: $0.number)) }
    }

    /// What systemd and the program before this one have handed over. Takes it out of the environment.
    ///
    /// - Throws: `InheritanceError`.
    static func inherited() throws(InheritanceError) -> [(name: String, number: Int32)] {
        var all = try InheritedDescriptor.takeAll().map { (name: $0.name, number: $0.number) }
        guard let text = getenv(variable).map({ String(cString: $0) }) else { return all }
        unsetenv(variable)
        for entry in text.split(separator: ",") {
            let parts = entry.split(separator: "=")
            guard parts.count == 2, let number = Int32(parts[1]), roost_set_cloexec(number, true) == 0 else { continue }
            all.append((String(parts[0]), number))
        }
        return all
    }

    /// Takes one that was inherited under the name.
    func take(_ name: String) -> SharedDescriptor? {
        guard let index = inherited.firstIndex(where: { $0.name == name }) else { return nil }
        return inherited.remove(at: index).descriptor
    }

    /// What nobody has asked for by name: sockets of socket activation, and what is of no use any more.
    ///
    /// - Parameter asked: who will be asked for later.
    func takeRest(but asked: String) -> [(name: String, descriptor: SharedDescriptor)] {
        defer { inherited.removeAll { $0.name != asked } }
        return inherited.filter { $0.name != asked }
    }

    /// Has the descriptor outlive this process from now on. It stays the caller's to close, after `drop`.
    func keep(_ descriptor: Int32, as name: String) {
        guard kept[name] != descriptor, kept.count < Self.most else { return }
        if kept[name] != nil { drop(name) }
        kept[name] = descriptor
        send(.keep(name, descriptor))
    }

    func drop(_ name: String) {
        guard kept.removeValue(forKey: name) != nil else { return }
        unsent.removeAll { $0 == .drop(name) || isKeep($0, name) }
        send(.drop(name))
    }

    private func isKeep(_ message: Message, _ name: String) -> Bool {
        if case .keep(name, _) = message { true } else { false }
    }

    /// Tries again what the service manager had no room for; called once per round.
    func retry() {
        let messages = unsent
        unsent = []
        for message in messages { send(message) }
    }

    private func send(_ message: Message) {
        guard notifier.address != nil else { return }
        guard unsent.isEmpty else { return unsent.append(message) }  // in their order; at most two for each name
        let outcome =
            switch message {
            // What hangs up stays: the last words in a pipe are worth more than the place.
            case .keep(let name, let descriptor): notifier.store(descriptor, as: name, isPolled: false)
            case .drop(let name): notifier.removeStored(name)
            }
        if outcome == .busy { unsent.append(message) }
    }

    /// For the program that takes this process over; its descriptors stay open over the exec. `afterFailure` takes that
    /// back.
    func handOver(_ more: [(name: String, number: Int32)]) -> String {
        let all = kept.map { (name: $0.key, number: $0.value) } + more
        for (_, number) in all { _ = roost_set_cloexec(number, false) }
        return all.map { "\($0.name)=\($0.number)" }.joined(separator: ",")
    }

    func afterFailure(_ more: [(name: String, number: Int32)]) {
        for number in Array(kept.values) + more.map(\.number) { _ = roost_set_cloexec(number, true) }
    }
}
