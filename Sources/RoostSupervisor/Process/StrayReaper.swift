import CLinux
import Glibc
import RoostReactor

/// Reaps what is not ours: roostd is the subreaper of its tree (prctl(2), PR_SET_CHILD_SUBREAPER), so a process that a
/// worker started and left behind becomes a child of roostd.
///
/// Children of our own are reaped through their pidfd only; a wait for "any child" would steal their exit status.
final class StrayReaper {
    private let isOurs: (Int32) -> Bool
    private let found: (Int32) -> Void
    private(set) var strays: Set<Int32> = []

    /// `isOurs` tells our own children by pid; `found` is told of each stray once.
    init(isOurs: @escaping (Int32) -> Bool, found: @escaping (Int32) -> Void) {
        self.isOurs = isOurs
        self.found = found
    }

    /// To be called at SIGCHLD, and now and then. Says whether any is left.
    @discardableResult
    func sweep() -> Bool {
        let children = Self.children().filter { !isOurs($0) }
        for pid in children {
            if strays.insert(pid).inserted { found(pid) }
            if waitpid(pid, nil, WNOHANG) != 0 { strays.remove(pid) }
        }
        strays.formIntersection(children)
        return !strays.isEmpty
    }

    /// Ends all strays: nothing is left behind at a stop. When one ends, its own children become strays in turn, so this
    /// goes on until none is left; the kernel takes a moment for each generation.
    func killAll() {
        // Unreaped, so the number is theirs.
        for pid in strays where waitpid(pid, nil, WNOHANG) == 0 { kill(pid, SIGKILL) }
    }

    /// The pids of the main thread's children (proc(5), `/proc/PID/task/TID/children`): orphans go to it, and it is the
    /// only one in roostd.
    private static func children() -> [Int32] {
        let number = roost_open("/proc/self/task/\(getpid())/children", O_RDONLY, 0)
        guard number >= 0 else { return [] }
        let descriptor = Descriptor(owning: number)
        var text: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            while text.count < 1 << 20 {
                let count = read(descriptor.number, buffer.baseAddress, 4096)
                guard count > 0 else { return }
                text.append(contentsOf: buffer[..<count])
            }
        }
        return text.split(separator: UInt8(ascii: " ")).map { Int32(truncatingIfNeeded: ProcFile.number($0)) }
    }
}
