import CLinux
import Foundation
import Glibc
import Testing

/// The executor is the whole process's, so the program `reactor-probe` tries it. A toolchain that changes the standard
/// library's executor factory shows here.
@Suite("ProcessExecutor") struct ProcessExecutorTests {
    @Test("all of Swift concurrency runs on the reactor, and the process has one thread")
    func probe() throws {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        let child = try SpawnedChild([folder.appendingPathComponent("reactor-probe").path])
        let expected = """
            detached true
            group true
            async-let true
            concurrent true
            stream true
            actor true
            main-actor true
            sleep true
            cancelled-sleep true
            threads 1

            """
        #expect(child.text() == expected)
        let exit = try #require(child.ended())
        #expect(exit.status == 0)
    }
}
