import CLinux
import Glibc
package import RoostPolicy
package import RoostReactor

/// A short-lived helper's run: its output, bounded, and how it ended.
package struct CapturedRun: Sendable {
    package let status: ExitStatus
    package let output: [UInt8]
    /// What it wrote to stderr.
    package let errors: String

    /// Why there is no result.
    package enum Failure: Error, CustomStringConvertible {
        case notStarted(String)
        case tooSlow(path: String, Duration)
        case tooMuchOutput(path: String, limit: Int)
        /// Roostd stops, and nobody needs the result any more.
        case interrupted(path: String)

        package var description: String {
            switch self {
            case .notStarted(let reason): reason
            case .tooSlow(let path, let limit): "\(path) did not finish within \(limit)"
            case .tooMuchOutput(let path, let limit): "\(path) wrote more than \(limit) bytes"
            case .interrupted(let path): "\(path) was ended: roostd is stopping"
            }
        }
    }

    /// Runs a program to its end, stdin empty, off no thread: the loop goes on meanwhile.
    ///
    /// - Parameter runs: Where the run is known while its process lives, to be ended with the others.
    /// - Throws: `Failure`; the process, and what it has started in its group, is killed then as well.
    package static func of(
        _ path: String,
        _ arguments: [String],
        environment: [String],
        within limit: Duration,
        outputLimit: Int = 64 << 20,
        on reactor: Reactor,
        among runs: HelperRuns = HelperRuns()
    ) async throws -> CapturedRun {
        try await withCheckedThrowingContinuation { continuation in
            let run = RunningHelper(path, limit: limit, outputLimit: outputLimit, on: reactor, among: runs) {
                continuation.resume(with: $0)
            }
            run.begin(arguments, environment)
        }
    }
}

/// The helpers whose processes live, so that none outlives roostd's stop. On the reactor's thread only.
package final class HelperRuns: @unchecked Sendable {
    fileprivate var running: [ObjectIdentifier: RunningHelper] = [:]
    fileprivate private(set) var isClosed = false

    package init() {}

    /// Whether every process has been reaped.
    package var isEmpty: Bool { running.isEmpty }

    /// Ends all that run, with what they have started in their groups, and lets none begin any more.
    package func endAll() {
        isClosed = true
        for helper in running.values { helper.interrupt() }
    }
}

/// Keeps itself alive until it has reported.
private final class RunningHelper {
    private let path: String
    private let limit: Duration
    private let outputLimit: Int
    private let reactor: Reactor
    private let runs: HelperRuns
    private var report: ((Result<CapturedRun, any Error>) -> Void)?
    private var pipes: [Int32: SourceToken] = [:]
    private var collected: [Int32: [UInt8]] = [:]
    private var outputEnd: Int32 = -1
    private var errorEnd: Int32 = -1
    private var child: ChildProcess?
    private var status: ExitStatus?
    private var timer: TimerToken?
    private var itself: RunningHelper?

    init(
        _ path: String,
        limit: Duration,
        outputLimit: Int,
        on reactor: Reactor,
        among runs: HelperRuns,
        report: @escaping (Result<CapturedRun, any Error>) -> Void
    ) {
        self.path = path
        self.limit = limit
        self.outputLimit = outputLimit
        self.reactor = reactor
        self.runs = runs
        self.report = report
    }

    func begin(_ arguments: [String], _ environment: [String]) {
        itself = self
        guard !runs.isClosed else { return interrupt() }
        do {
            let null = roost_open("/dev/null", O_RDWR, 0)
            guard null >= 0 else { throw SystemError("open", "/dev/null", code: -null) }
            defer { close(null) }
            let (output, outputWriter) = try openPipe()
            outputEnd = output
            defer { close(outputWriter) }
            let (errors, errorWriter) = try openPipe()
            errorEnd = errors
            defer { close(errorWriter) }
            let request = SpawnRequest(
                path: path,
                arguments: [path] + arguments,
                environment: environment,
                descriptors: [null, outputWriter, errorWriter]
            )
            child = try ChildProcess(request, on: reactor) { [unowned self] in
                status = $0
                runs.running[ObjectIdentifier(self)] = nil
                finishIfDone()
            }
            runs.running[ObjectIdentifier(self)] = self
            timer = reactor.schedule(after: limit) { [unowned self] in
                fail(.tooSlow(path: path, limit))
            }
        } catch {
            fail(.notStarted("\(error)"))
        }
    }

    private func openPipe() throws(SystemError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        let result = roost_pipe(&ends)
        guard result == 0 else { throw SystemError("pipe2", code: -result) }
        let (reader, writer) = (ends[0], ends[1])
        _ = roost_set_nonblocking(writer, false)
        collected[reader] = []
        do {
            pipes[reader] = try reactor.register(reader, for: .readable) { [unowned self] _ in drain(reader) }
        } catch {
            close(reader)
            close(writer)
            throw error
        }
        return (reader, writer)
    }

    private func drain(_ pipe: Int32) {
        let count = withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) { buffer in
            let count = read(pipe, buffer.baseAddress, buffer.count)
            if count > 0 { collected[pipe, default: []].append(contentsOf: buffer[..<count]) }
            return count
        }
        if count > 0, collected[pipe, default: []].count > outputLimit {
            return fail(.tooMuchOutput(path: path, limit: outputLimit))
        }
        guard count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) else { return }
        closePipe(pipe)
        finishIfDone()
    }

    private func closePipe(_ pipe: Int32) {
        guard let source = pipes.removeValue(forKey: pipe) else { return }
        reactor.unregister(source)
        close(pipe)
    }

    private func finishIfDone() {
        guard let status, pipes.isEmpty else { return }
        let errors = String(decoding: collected[errorEnd] ?? [], as: UTF8.self)
        end(.success(CapturedRun(status: status, output: collected[outputEnd] ?? [], errors: errors)))
    }

    func interrupt() { fail(.interrupted(path: path)) }

    private func fail(_ failure: CapturedRun.Failure) {
        child?.signalGroup(SIGKILL)
        end(.failure(failure))
    }

    private func end(_ result: Result<CapturedRun, any Error>) {
        guard let report else { return }
        self.report = nil
        if let timer { reactor.cancel(timer) }
        for pipe in Array(pipes.keys) { closePipe(pipe) }
        report(result)
        // A killed child is still to be reaped; the pidfd's handler does it and then lets go.
        guard status == nil, child != nil else { return release() }
        reactor.schedule(after: .seconds(1)) { [self] in release() }
    }

    private func release() {
        let keeper = itself  // the handler that is running belongs to this object: go after it has returned
        itself = nil
        reactor.schedule(after: .zero) { _ = keeper }
    }
}
