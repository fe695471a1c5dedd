import CLinux
import Glibc
package import RoostPolicy
package import RoostReactor
import Synchronization

/// A process that we started: watched through its pidfd, signalled through its pidfd, reaped through its pidfd, so that
/// a number that the kernel gave out again is never touched.
package final class ChildProcess {
    package let pid: Int32
    private let reactor: Reactor
    private let pidfd: Int32
    private var source: SourceToken?

    /// Children belong to the process, whichever loop has started them.
    private static let living = Mutex<Set<Int32>>([])

    /// Whether a child of this process is one that was started here and is not reaped.
    package static func isOurs(_ pid: Int32) -> Bool { living.withLock { $0.contains(pid) } }

    /// Starts the program. `exited` is called once, on the loop, after the process was reaped.
    ///
    /// - Throws: `SpawnError`.
    package init(
        _ request: SpawnRequest,
        on reactor: Reactor,
        exited: @escaping (ExitStatus) -> Void
    ) throws(SpawnError) {
        self.reactor = reactor
        (pid, pidfd) = try Spawner.spawn(request)
        Self.living.withLock { _ = $0.insert(pid) }
        do {
            source = try reactor.register(pidfd, for: .readable) { [unowned self] _ in reap(exited) }
        } catch {
            _ = roost_pidfd_send_signal(pidfd, SIGKILL)
            var ending = roost_exit()
            while roost_wait_pidfd(pidfd, &ending) == 0 { usleep(100) }  // it has been killed: this ends
            Self.living.withLock { _ = $0.remove(pid) }
            close(pidfd)
            throw SpawnError(path: request.path, step: .clone, code: error.code)
        }
    }

    deinit {
        if let source { reactor.unregister(source) }
        close(pidfd)
    }

    /// Sends a signal; nothing happens if the process is gone.
    package func signal(_ signal: Int32) { _ = roost_pidfd_send_signal(pidfd, signal) }

    /// Sends a signal to the process and whatever it has started in its group.
    package func signalGroup(_ signal: Int32) {
        // The group keeps the number reserved as long as the unreaped leader exists, so this cannot hit a stranger.
        guard source != nil else { return }
        kill(-pid, signal)
    }

    private func reap(_ exited: (ExitStatus) -> Void) {
        guard let source else { return }
        // What the program left in its group goes with it. Before reaping: until then the group's number is ours.
        kill(-pid, SIGKILL)
        var ending = roost_exit()
        let result = roost_wait_pidfd(pidfd, &ending)
        guard result != 0 else { return }
        Self.living.withLock { _ = $0.remove(pid) }
        reactor.unregister(source)
        self.source = nil
        guard result > 0 else { return exited(.unknown) }
        exited(ending.code == CLD_EXITED ? .code(ending.status) : .signal(ending.status))
    }
}
