import Foundation
import RoostPolicy
import RoostReactor
import Testing

@Suite("FileWatcher") struct FileWatcherTests {
    private let reactor: Reactor
    private let directory: String

    init() throws {
        reactor = try Reactor(clock: .virtual(VirtualClock()))
        directory = NSTemporaryDirectory() + "roost-watch-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    }

    private func path(_ name: String) -> String { directory + "/" + name }
    private func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// The names reported after each of the steps.
    private func names(after steps: [() throws -> Void]) throws -> [Set<String>] {
        defer { remove() }
        nonisolated(unsafe) var seen: Set<String> = []
        let watcher = try FileWatcher(reactor, directories: [directory]) { seen.insert($0) }
        defer { withExtendedLifetime(watcher) {} }
        return try steps.map { step in
            try step()
            seen = []
            reactor.runUntilIdle()
            return seen
        }
    }

    @Test("a file that is saved as editors do, by a rename over the old one, is reported each time")
    func atomicSave() throws {
        let save = {
            try Data("new".utf8).write(to: URL(fileURLWithPath: path(".roost.yaml.tmp")))
            #expect(rename(path(".roost.yaml.tmp"), path("roost.yaml")) == 0)
        }
        let names = try names(after: [save, save, save])
        #expect(names.allSatisfy { $0.contains("roost.yaml") })
    }

    @Test("a file that is written in place or removed is reported")
    func inPlace() throws {
        let names = try names(after: [
            { try Data("one".utf8).write(to: URL(fileURLWithPath: path("rule.yaml"))) },
            { #expect(unlink(path("rule.yaml")) == 0) },
            {},
        ])
        #expect(names == [["rule.yaml"], ["rule.yaml"], []])
    }

    @Test("names of any length and many at once are reported one by one")
    func manyNames() throws {
        let expected = Set((1...250).map { String(repeating: "n", count: $0) })
        let names = try names(after: [{ for name in expected { #expect(creat(path(name), 0o600) >= 0) } }])
        #expect(names == [expected])
    }

    @Test("a directory that does not exist is an error that names it")
    func missing() {
        defer { remove() }
        #expect(throws: SystemError("inotify_add_watch", path("none"), code: ENOENT)) {
            _ = try FileWatcher(reactor, directories: [directory, path("none")]) { _ in }
        }
        #expect(reactor.sourceCount == 0)
    }

    @Test("a watcher that is gone leaves nothing registered and reports nothing")
    func gone() throws {
        defer { remove() }
        nonisolated(unsafe) var calls = 0
        var watcher: FileWatcher? = try FileWatcher(reactor, directories: [directory]) { _ in calls += 1 }
        #expect(reactor.sourceCount == 1)
        close(creat(path("file"), 0o600))
        withExtendedLifetime(watcher) {}
        watcher = nil
        reactor.runUntilIdle()
        #expect(calls == 0 && reactor.sourceCount == 0)
    }

    @Test("a watcher that its own report puts an end to reads from no descriptor that comes after it")
    func goneInReport() async {
        defer { remove() }
        await #expect(processExitsWith: .success) { [directory = directory as String] in
            let reactor = try Reactor(clock: .virtual(VirtualClock()))
            nonisolated(unsafe) var watcher: FileWatcher?
            var ends: [Int32] = [-1, -1]
            watcher = try FileWatcher(reactor, directories: [directory]) { _ in
                guard watcher != nil else { return }
                watcher = nil
                _ = pipe(&ends)  // gets the number that the watcher had
                _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
                write(ends[1], "x", 1)
            }
            close(creat(directory + "/file", 0o600))
            reactor.runUntilIdle()
            var byte: UInt8 = 0
            #expect(read(ends[0], &byte, 1) == 1)
        }
    }
}
