package import RoostIPC
package import RoostPolicy

/// What is noted about one process while it lives, for the report in case that it ends badly. Bounded, and cheap: once a
/// second a sample, and with each frame its first bytes.
package struct FlightLog {
    /// The process's figures at one instant.
    package struct Sample: Sendable, Hashable {
        package var at: MonotonicInstant
        package var figures: ProcessFigures
        /// Nil: the kernel does not say.
        package var descriptors: Int?
    }

    /// Samples that are kept: the last minute.
    package static let samples = 60

    package var pid: Int32 = 0
    package var isPlain = false
    package var isAdopted = false
    /// The file that it was started from; empty: unknown.
    package var path = ""
    /// As it says of itself; empty: it has not.
    package var version = ""
    package var generation: UInt64 = 0
    package var spawnedAt: MonotonicInstant?
    package var samples = BoundedRing<Sample>(capacity: FlightLog.samples)
    /// The last heartbeat, and how late the process's loop was for it.
    package var heartbeat: (at: MonotonicInstant, lag: Duration)?
    package let frames = FrameTrace()
    /// What it has written; set when it has ended.
    package var tape: LogTape?
    package var hasDumpedCore: Bool?

    package init() {}

    mutating func begin(pid: Int32, isPlain: Bool, path: String, at instant: MonotonicInstant) {
        (self.pid, self.isPlain, self.path, spawnedAt) = (pid, isPlain, path, instant)
    }

    mutating func note(_ figures: ProcessFigures, descriptors: Int?, at instant: MonotonicInstant) {
        samples.append(Sample(at: instant, figures: figures, descriptors: descriptors))
    }
}
