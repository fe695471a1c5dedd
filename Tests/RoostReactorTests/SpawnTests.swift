import CLinux
import Foundation
import Glibc
import Testing

@Suite("roost_spawn") struct SpawnTests {
    /// The value of a line of proc_pid_status(5).
    private func field(_ name: String, of status: String) -> String? {
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line.map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    @Test("the child of a pool thread, which blocks nearly all signals, blocks and ignores none")
    func signalMask() async throws {
        let status = try await Task.detached { @concurrent in
            var all = sigset_t()
            sigfillset(&all)
            var old = sigset_t()
            pthread_sigmask(SIG_BLOCK, &all, &old)
            defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
            return try SpawnedChild(["/bin/cat", "/proc/self/status"]).text()
        }.value
        #expect(field("SigBlk", of: status) == "0000000000000000")
        #expect(field("SigIgn", of: status) == "0000000000000000")
    }

    @Test("the child of a pool thread dies of SIGTERM")
    func terminated() async throws {
        let child = try await Task.detached { try SpawnedChild(["/bin/sleep", "1000"]) }.value
        #expect(child.ended(within: 0) == nil)
        #expect(roost_pidfd_send_signal(child.pidfd, SIGTERM) == 0)
        let exit = try #require(child.ended())
        #expect(exit.status == SIGTERM && exit.code == CInt(CLD_KILLED))
    }

    @Test("an ignored SIGPIPE of the parent is not the child's")
    func sigpipe() async {
        await #expect(processExitsWith: .success) {
            roost_ignore_sigpipe()
            let status = try SpawnedChild(["/bin/cat", "/proc/self/status"]).text()
            #expect(status.contains("SigIgn:\t0000000000000000"))
        }
    }

    @Test("the child has exactly the declared descriptors, whatever the parent has open")
    func descriptors() throws {
        let leaky = open("/dev/null", O_RDONLY)  // without CLOEXEC
        defer { close(leaky) }
        let child = try SpawnedChild(["/bin/sleep", "1000"])
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/fd")
        #expect(descriptors.sorted() == ["0", "1", "2"])
    }

    @Test("descriptors land on their numbers even where those are taken by each other")
    func permuted() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let null = open("/dev/null", O_RDONLY)
        defer { close(null) }
        // Every source below the count of targets that there can be: 2, 1, 0 become 0, 1, 2.
        let child = try withExtendedLifetime([2, 1, 0, ends[1], null] as [Int32]) { numbers in
            try numbers.withUnsafeBufferPointer { numbers in
                try SpawnedChild(["/bin/sleep", "1000"]) {
                    $0.fds = numbers.baseAddress
                    $0.fd_count = Int32(numbers.count)
                }
            }
        }
        func target(_ pid: String, _ number: Int32) throws -> String {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(number)")
        }
        for (number, source) in [(0, 2), (1, 1), (2, 0), (3, ends[1]), (4, null)] as [(Int32, Int32)] {
            #expect(try target("\(child.pid)", number) == target("self", source))
        }
    }

    @Test("the child leads a process group of its own")
    func group() throws {
        let child = try SpawnedChild(["/bin/sleep", "1000"])
        #expect(getpgid(child.pid) == child.pid)
    }

    @Test("LISTEN_PID is the child's own, and the rest of the environment is as given")
    func listenPID() throws {
        let environment = ["A=1", "LISTEN_PID=0000000000", "LISTEN_FDS=2"]
        let child = try SpawnedChild(["/usr/bin/env"], environment: environment)
        #expect(child.text() == "A=1\nLISTEN_PID=\(child.pid)\nLISTEN_FDS=2\n")
        #expect(child.ended()?.status == 0)
    }

    @Test("a thousand failed starts leak neither descriptor nor zombie")
    func failedExec() async {
        await #expect(processExitsWith: .success) {
            func descriptors() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            }
            let before = try descriptors()
            for _ in 0..<1000 {
                #expect(throws: SpawnedChild.Failure(step: ROOST_SPAWN_EXEC.rawValue, code: ENOENT)) {
                    _ = try SpawnedChild(["/nonexistent"])
                }
            }
            let after = try descriptors()
            // Not equal: the testing library's own threads open and close some meanwhile.
            #expect(abs(after.count - before.count) < 10, "\(before) became \(after)")
            var info = siginfo_t()
            let outcome = waitid(P_ALL, 0, &info, WEXITED | WNOHANG)
            let code = errno
            #expect(outcome == -1 && code == ECHILD, "waitid: \(outcome), errno \(code)")
        }
    }

    @Test("a start that fails says in which step and why")
    func failedSteps() throws {
        #expect(throws: SpawnedChild.Failure(step: ROOST_SPAWN_DIRECTORY.rawValue, code: ENOENT)) {
            _ = try "/nonexistent".withCString { directory in
                try SpawnedChild(["/bin/true"]) { $0.directory = directory }
            }
        }
        #expect(throws: SpawnedChild.Failure(step: ROOST_SPAWN_DESCRIPTORS.rawValue, code: EBADF)) {
            let closed: [Int32] = [9999]
            _ = try closed.withUnsafeBufferPointer { closed in
                try SpawnedChild(["/bin/true"]) {
                    $0.fds = closed.baseAddress
                    $0.fd_count = 1
                }
            }
        }
        #expect(throws: SpawnedChild.Failure(step: ROOST_SPAWN_EXEC.rawValue, code: EACCES)) {
            _ = try SpawnedChild(["/etc/passwd"])
        }
    }

    @Test("a limit of descriptors below what the parent has open does not hinder the start")
    func lowLimit() throws {
        let many = (0..<100).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
        defer { many.forEach { close($0) } }
        let limits = [roost_limit(resource: CInt(RLIMIT_NOFILE.rawValue), soft: 16, hard: 16)]
        let child = try limits.withUnsafeBufferPointer { limits in
            try SpawnedChild(["/bin/sh", "-c", "ulimit -n"]) {
                $0.limits = limits.baseAddress
                $0.limit_count = 1
                $0.oom_score_adjust = 500
            }
        }
        #expect(child.text() == "16\n")
    }

    @Test("nice value, OOM score and directory are the child's")
    func surroundings() throws {
        let script = "cat /proc/self/oom_score_adj; nice; pwd"
        let child = try "/usr".withCString { directory in
            try SpawnedChild(["/bin/sh", "-c", script], environment: ["PATH=/usr/bin:/bin"]) {
                $0.directory = directory
                $0.nice = 7
                $0.oom_score_adjust = 321
            }
        }
        #expect(child.text() == "321\n7\n/usr\n")
    }

    @Test("several threads may start children at once")
    func concurrent() async throws {
        let outputs = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask { try SpawnedChild(["/bin/echo", "\(number)"]).text() == "\(number)\n" }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outputs.count == 40 && outputs.allSatisfy { $0 })
    }
}
