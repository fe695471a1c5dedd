import CLinux
import Glibc
import RoostPolicy
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct SpawnerTests {
    /// Runs a script to its end and says what it has written.
    private func output(of script: String, _ change: (inout SpawnRequest) -> Void = { _ in }) throws -> String {
        let bench = try Bench()
        let pipe = try Pipe()
        var request = Bench.shell(script, descriptors: [Bench.null, pipe.writeEnd, pipe.writeEnd])
        change(&request)
        let status = Slot<ChildStatus>()
        let child = try ChildProcess(request, on: bench.reactor) { status.value = $0 }
        try bench.turn(until: "the end of the script") { status.value != nil }
        withExtendedLifetime(child) {}
        return pipe.text
    }

    @Test("a program has exactly the declared descriptors")
    func descriptors() throws {
        let extra = try Pipe()
        let text = try output(of: "ls /proc/$$/fd; true") { request in
            request.descriptors += [extra.readEnd, extra.writeEnd]
        }
        #expect(text == "0\n1\n2\n3\n4\n")
    }

    @Test("descriptors may be declared in any order and more than once")
    func permutation() throws {
        let pipe = try Pipe()
        let bench = try Bench()
        // Numbers below the count, crosswise: each would overwrite another if moved naively.
        let request = Bench.shell(
            "echo a >&3; echo b >&4",
            descriptors: [Bench.null, 2, 1, pipe.writeEnd, pipe.writeEnd]
        )
        let status = Slot<ChildStatus>()
        let child = try ChildProcess(request, on: bench.reactor) { status.value = $0 }
        try bench.turn(until: "the end of the script") { status.value != nil }
        withExtendedLifetime(child) {}
        #expect(pipe.text == "a\nb\n")
    }

    @Test("a program blocks and ignores no signal, although the parent does")
    func signals() throws {
        var mask = sigset_t()
        var old = sigset_t()
        sigfillset(&mask)
        pthread_sigmask(SIG_BLOCK, &mask, &old)
        defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
        let text = try output(of: "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status")
        #expect(text.contains("SigBlk:\t0000000000000000\n"))
        #expect(text.contains("SigIgn:\t0000000000000000\n"))
    }

    @Test("a program leads a process group of its own, and cannot gain privileges")
    func group() throws {
        let text = try output(of: "echo $$ $(cut -d' ' -f5 /proc/$$/stat); grep NoNewPrivs /proc/self/status")
        let numbers = text.split(separator: "\n").first?.split(separator: " ") ?? []
        #expect(numbers.count == 2 && numbers.first == numbers.last)
        #expect(text.contains("NoNewPrivs:\t1"))
    }

    @Test("listeners are told in LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID")
    func listeners() throws {
        let extra = try Pipe()
        let text = try output(of: "echo $LISTEN_FDS $LISTEN_FDNAMES $(( LISTEN_PID == $$ ))") { request in
            request.descriptors += [extra.readEnd, extra.writeEnd]
            request.listenerNames = ["ipc", "proxy.listen"]
        }
        #expect(text == "2 ipc:proxy.listen 1\n")
    }

    @Test("listener variables of the configuration reach nobody, short ones not even the child's memory")
    func strayListenVariables() throws {
        let text = try output(of: "echo \"[$LISTEN_PID$LISTEN_FDS$LISTEN_FDNAMES]\"") { request in
            request.environment += ["LISTEN_PID=", "LISTEN_FDS=7", "LISTEN_FDNAMES=x"]
        }
        #expect(text == "[]\n")
    }

    @Test("limits, nice value, OOM score, directory and environment are as asked for")
    func surroundings() throws {
        let scratch = try Scratch()
        let script = "ulimit -n; nice; cat /proc/self/oom_score_adj; pwd; echo $GREETING"
        let text = try output(of: script) { request in
            request.limits = [.init(resource: Int32(RLIMIT_NOFILE.rawValue), soft: 64, hard: 64)]
            request.nice = 5
            request.oomScoreAdjust = 500
            request.directory = scratch.path
            request.environment.append("GREETING=hello")
        }
        #expect(text == "64\n5\n500\n\(scratch.path)\nhello\n")
    }

    @Test(
        "an error names its step and the program",
        arguments: [
            (SpawnError.Step.exec, ENOENT, "cannot execute /none: No such file or directory"),
            (.directory, ENOENT, "cannot enter the working directory of /bin/sh: No such file or directory"),
            (.descriptors, EBADF, "cannot hand /bin/sh its descriptors: Bad file descriptor"),
            (.limits, EINVAL, "cannot set the resource limits of /bin/sh: Invalid argument"),
        ]
    )
    func errors(step: SpawnError.Step, code: Int32, sentence: String) throws {
        var request = Bench.shell("true")
        switch step {
        case .exec: request.path = "/none"
        case .directory: request.directory = "/none"
        case .descriptors: request.descriptors = [9999, Bench.null, Bench.null]
        default: request.limits = [.init(resource: 9999, soft: 1, hard: 1)]
        }
        let error = #expect(throws: SpawnError.self) { _ = try Spawner.spawn(request) }
        #expect(error?.step == step)
        #expect(error?.code == code)
        #expect(error?.description == sentence)
    }

    @Test("every step has words of its own")
    func words() {
        let steps: [SpawnError.Step] = [.clone, .group, .descriptors, .limits, .priority, .user, .directory, .exec]
        let texts = Set(steps.map { SpawnError(path: "/p", step: $0, code: EPERM).description })
        #expect(texts.count == steps.count)
    }

    @Test("500 failed executions leave no descriptor and no zombie")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            let null = roost_open("/dev/null", O_RDWR, 0)
            func count() -> Int { ProcessFigures.openDescriptors(pid: getpid()) ?? -1 }
            let request = SpawnRequest(
                path: "/none",
                arguments: ["none"],
                environment: [],
                descriptors: [null, null, null]
            )
            _ = try? Spawner.spawn(request)
            let before = count()
            for _ in 0..<500 {
                guard (try? Spawner.spawn(request)) == nil else { exit(1) }
            }
            guard count() < before + 10 else { exit(2) }  // the runtime may open some of its own
            guard waitpid(-1, nil, WNOHANG) == -1, errno == ECHILD else { exit(3) }
        }
    }
}
