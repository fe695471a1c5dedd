import RoostPolicy
import RoostReactor

// What plain programs say of themselves.
extension Supervisor {
    func openNotifySocket() {
        let path = "\(invocation.runtimeDirectory)/notify.sock"
        do {
            notifications = try NotifySocket(path, on: reactor) { [unowned self] pid, notification, passed in
                assumeIsolated { $0.programSays(pid, notification, passed) }
            }
        } catch {
            say(.error, "plain programs cannot say that they are ready: \(error)")
        }
    }

    /// Only the process that was started counts, not what it has started in its turn.
    private func programSays(_ pid: Int32, _ notification: ProgramNotification, _ passed: SharedDescriptor?) {
        if let passed, let name = notification.descriptorName { return givenBack(name, passed, by: pid) }
        let handle = handles.values.first { handle in handle.assumeIsolated { $0.isPlain && $0.hasProcess(pid) } }
        handle?.assumeIsolated { $0.notified(notification, by: pid) }
    }
}
