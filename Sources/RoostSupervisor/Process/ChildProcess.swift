package import CLinux
import Glibc
package import RoostPolicy
package import RoostReactor
import Synchronization

/// A process that we supervise: watched through its pidfd, signalled through its pidfd, reaped through its pidfd, so that
/// a number that the kernel gave out again is never touched. Usually a child of ours; after the death of the supervisor
/// that started it, somebody else's.
package final class ChildProcess {
    package let pid: Int32
    /// Tells the process from a later one with its number; see `ProcessFigures.startTime`.
    package let startTime: UInt64
    private let reactor: Reactor
    private let pidfd: Int32
    private var source: SourceToken?
    private var exited: (ExitStatus) -> Void
    /// Looks whether the process that adopted it has reaped it.
    private var looksLeft = 50

    /// Children belong to the process, whichever loop has started them.
    private static let living = Mutex<Set<Int32>>([])

    /// Whether a child of this process is one that was started or adopted here and is not reaped.
    package static func isOurs(_ pid: Int32) -> Bool { living.withLock { $0.contains(pid) } }

    /// Starts the program. `exited` is called once, on the loop, after the process was reaped.
    ///
    /// - Parameter cell: where the process is noted the moment that it exists.
    /// - Throws: `SpawnError`.
    package init(
        _ request: SpawnRequest,
        on reactor: Reactor,
        noting cell: UnsafeMutablePointer<roost_spawn_cell>? = nil,
        exited: @escaping (ExitStatus) -> Void
    ) throws(SpawnError) {
        (self.reactor, self.exited) = (reactor, exited)
        (pid, pidfd) = try Spawner.spawn(request, noting: cell)
        startTime = ProcessFigures.startTime(pid: pid) ?? 0
        do {
            try watch()
        } catch {
            _ = roost_pidfd_send_signal(pidfd, SIGKILL)
            var ending = roost_exit()
            while roost_wait_pidfd(pidfd, &ending) == 0 { usleep(100) }  // it has been killed: this ends
            close(pidfd)
            throw SpawnError(path: request.path, step: .clone, code: error.code)
        }
    }

    /// Takes over a process that another supervisor started; nil if it is gone. `exited` is called as for a child, with
    /// `unknown` where the kernel does not tell somebody else's exit status.
    package init?(
        adopting pid: Int32,
        startTime: UInt64,
        on reactor: Reactor,
        exited: @escaping (ExitStatus) -> Void
    ) {
        // Neither init nor this process was ever started by a supervisor.
        let number = pid > 1 && pid != getpid() ? roost_pidfd_open(pid) : -1
        // First hold on to the process, then see which one it is.
        guard number >= 0, let present = ProcessFigures.startTime(pid: pid), present == startTime else {
            if number >= 0 { close(number) }
            return nil
        }
        (self.reactor, self.exited, self.pid, pidfd, self.startTime) = (reactor, exited, pid, number, present)
        guard (try? watch()) != nil else { return nil }  // deinit closes
    }

    deinit {
        if let source { reactor.unregister(source) }
        close(pidfd)
    }

    private func watch() throws(SystemError) {
        source = try reactor.register(pidfd, for: .readable) { [unowned self] _ in ended() }
        Self.living.withLock { _ = $0.insert(pid) }
    }

    /// Sends a signal; nothing happens if the process is gone.
    package func signal(_ signal: Int32) { _ = roost_pidfd_send_signal(pidfd, signal) }

    /// Sends a signal to the process and whatever it has started in its group.
    package func signalGroup(_ signal: Int32) {
        guard roost_pidfd_signal_group(pidfd, signal) == -EINVAL, source != nil else { return }
        // An older kernel. The group keeps the number reserved as long as its leader is not reaped, which nobody but its
        // parent can know.
        if ProcessCensus.parent(of: pid) == getpid() { kill(-pid, signal) } else { self.signal(signal) }
    }

    /// The process has ended.
    private func ended() {
        // What the program left in its group goes with it. Before reaping: until then the group's number is ours.
        signalGroup(SIGKILL)
        var ending = roost_exit()
        switch roost_wait_pidfd(pidfd, &ending) {
        case 0: return
        case 1: finish(ending)
        default: look()  // not our child
        }
    }

    /// The kernel tells how somebody else's child ended when its parent has reaped it, which takes a moment.
    private func look() {
        var ending = roost_exit()
        let result = roost_pidfd_exit(pidfd, &ending)
        looksLeft -= 1
        guard result == 0, looksLeft > 0 else { return finish(result == 1 ? ending : nil) }
        if let source { reactor.unregister(source) }
        source = nil
        reactor.schedule(after: .milliseconds(1)) { [self] in look() }
    }

    private func finish(_ ending: roost_exit?) {
        Self.living.withLock { _ = $0.remove(pid) }
        if let source { reactor.unregister(source) }
        source = nil
        guard let ending else { return exited(.unknown) }
        exited(ending.code == CLD_EXITED ? .code(ending.status) : .signal(ending.status))
    }
}
