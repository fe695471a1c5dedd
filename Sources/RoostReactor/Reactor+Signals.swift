import CLinux
import Glibc

extension Reactor {
    /// Blocks the signals for this thread and reports each on the loop (signalfd(2)). For the life of the process;
    /// children get an empty mask back from the spawner.
    package func handleSignals(
        _ signals: [Int32],
        _ handler: @escaping (_ signal: Int32, _ sender: Int32) -> Void
    ) throws(SystemError) {
        let descriptor = roost_signalfd(signals, Int32(signals.count))
        guard descriptor >= 0 else { throw SystemError("signalfd", code: -descriptor) }
        try register(descriptor, for: .readable) { _ in
            var info = signalfd_siginfo()
            while read(descriptor, &info, MemoryLayout.size(ofValue: info)) == MemoryLayout.size(ofValue: info) {
                handler(Int32(bitPattern: info.ssi_signo), Int32(bitPattern: info.ssi_pid))
            }
        }
    }
}
