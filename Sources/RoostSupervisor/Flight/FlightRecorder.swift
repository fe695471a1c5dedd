import RoostJSON
import RoostPolicy
package import RoostReactor

/// Has reports written, one a turn of the loop and none before the loop has done its other work: nothing comes between an
/// exit and its replacement's spawn. A disk that does not take them is loud and stops nothing. On the loop only.
package final class FlightRecorder {
    /// Reports that may wait; each holds what its process has written.
    private static let mostWaiting = 64

    private let reactor: Reactor
    private let store: ReportStore
    private let complain: (LogLevel, String) -> Void
    private var waiting: [FlightReport] = []
    /// Reports that the disk has not taken since it failed, and that there was no room for.
    private var lost: UInt64 = 0

    /// - Parameter complain: takes what the operator has to know.
    package init(_ reactor: Reactor, _ store: ReportStore, complain: @escaping (LogLevel, String) -> Void) {
        self.reactor = reactor
        self.store = store
        self.complain = complain
    }

    /// Finds the reports of before.
    package func open() {
        do {
            try store.open()
        } catch {
            complain(.error, "no reports of abnormal ends can be kept: \(error)")
        }
    }

    /// Has the report written soon; says where it will be, or nil if there are too many.
    package func take(_ report: FlightReport) -> String? {
        guard waiting.count < Self.mostWaiting else {
            lose("more than \(Self.mostWaiting) reports wait")
            return nil
        }
        waiting.append(report)
        if waiting.count == 1 { writeSoon() }
        return store.path(Self.name(report))
    }

    /// Writes everything that waits.
    package func flush() {
        while !waiting.isEmpty { writeNext() }
    }

    private func writeSoon() {
        reactor.beforeWait { [weak self] in
            guard let self, !waiting.isEmpty else { return }
            writeNext()
            if !waiting.isEmpty { writeSoon() }
        }
    }

    private func writeNext() {
        let report = waiting.removeFirst()
        let text = JSONWriter.pretty(.object(report.json(core: .current))) + "\n"
        do throws(SystemError) {
            try store.save(Array(text.utf8), as: Self.name(report))
            guard lost > 0 else { return }
            complain(.notice, "reports of abnormal ends are kept again; \(lost) were lost")
            lost = 0
        } catch {
            lose("\(error)")
        }
    }

    private func lose(_ reason: String) {
        if lost == 0 { complain(.error, "a report of an abnormal end is lost: \(reason)") }
        lost += 1
    }

    /// `proxy-0-20260301T120000.250117Z.json`
    package static func name(_ report: FlightReport) -> String {
        let time = report.at.description.filter { $0 != "-" && $0 != ":" && $0 != "Z" }
        let microseconds = String((report.at.nanoseconds / 1000 % 1000 + 1000) % 1000 + 1000).dropFirst()
        return "\(report.id.name)-\(report.id.instance)-\(time)\(microseconds)Z.json"
    }
}
