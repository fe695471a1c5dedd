import CLinux
import Glibc

/// Who has sent a signal, as the kernel tells the one that gets it (signalfd(2)). Of a signal that the kernel itself has
/// sent, such as Ctrl-C of a terminal, the pid is 0.
package struct SignalSender: Sendable, Hashable {
    package var pid: Int32
    package var uid: UInt32

    package init(pid: Int32, uid: UInt32) {
        self.pid = pid
        self.uid = uid
    }
}

extension Reactor {
    /// Blocks the signals for this thread and reports each on the loop (signalfd(2)). For the life of the process;
    /// children get an empty mask back from the spawner.
    package func handleSignals(
        _ signals: [Int32],
        _ handler: @escaping (_ signal: Int32, _ sender: SignalSender) -> Void
    ) throws(SystemError) {
        let descriptor = roost_signalfd(signals, Int32(signals.count))
        guard descriptor >= 0 else { throw SystemError("signalfd", code: -descriptor) }
        try register(descriptor, for: .readable) { _ in
            var info = signalfd_siginfo()
            while read(descriptor, &info, MemoryLayout.size(ofValue: info)) == MemoryLayout.size(ofValue: info) {
                let sender = SignalSender(pid: Int32(bitPattern: info.ssi_pid), uid: info.ssi_uid)
                handler(Int32(bitPattern: info.ssi_signo), sender)
            }
        }
    }
}
