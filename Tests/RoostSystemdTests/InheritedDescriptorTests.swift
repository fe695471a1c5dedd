import CLinux
import Glibc
import Testing

@testable import RoostSystemd

/// libsystemd reads the environment and the numbers from 3 on, so each test is a process of its own (an exit test).
@Suite("InheritedDescriptor") struct InheritedDescriptorTests {
    @Test("names are taken in order, descriptors become close-on-exec and non-blocking, the environment is clean")
    func takeAll() async {
        await #expect(processExitsWith: .success) {
            // What is open at 3 and 4 belongs to the test library: put aside meanwhile.
            let saved = (fcntl(3, F_DUPFD_CLOEXEC, 100), fcntl(4, F_DUPFD_CLOEXEC, 100))
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            let (reader, writer) = (fcntl(ends[0], F_DUPFD_CLOEXEC, 100), fcntl(ends[1], F_DUPFD_CLOEXEC, 100))
            dup2(reader, 3)
            dup2(writer, 4)
            setenv("LISTEN_PID", "\(getpid())", 1)
            setenv("LISTEN_FDS", "2", 1)
            setenv("LISTEN_FDNAMES", "proxy.listen:console.listen", 1)

            let result = Result { () throws(InheritanceError) in try InheritedDescriptor.takeAll() }
            let flags = (fcntl(3, F_GETFD), fcntl(4, F_GETFD))
            let modes = (fcntl(3, F_GETFL) & O_NONBLOCK, fcntl(4, F_GETFL) & O_NONBLOCK)
            if saved.0 >= 0 { dup2(saved.0, 3) }
            if saved.1 >= 0 { dup2(saved.1, 4) }

            #expect(flags == (FD_CLOEXEC, FD_CLOEXEC))
            #expect(modes == (O_NONBLOCK, O_NONBLOCK))
            let expected = [
                InheritedDescriptor(number: 3, name: "proxy.listen"),
                InheritedDescriptor(number: 4, name: "console.listen"),
            ]
            let descriptors = try result.get()
            #expect(descriptors == expected)
            #expect(getenv("LISTEN_PID") == nil && getenv("LISTEN_FDS") == nil && getenv("LISTEN_FDNAMES") == nil)
            let again = try InheritedDescriptor.takeAll()
            #expect(again.isEmpty)
        }
    }

    @Test("descriptors for another process are left alone")
    func otherProcess() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_PID", "1", 1)
            setenv("LISTEN_FDS", "2", 1)
            let again = try InheritedDescriptor.takeAll()
            #expect(again.isEmpty)
        }
    }

    @Test("malformed variables are an error with the mend in it")
    func malformed() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_PID", "\(getpid())", 1)
            setenv("LISTEN_FDS", "many", 1)
            #expect(throws: InheritanceError(code: EINVAL)) { try InheritedDescriptor.takeAll() }
            #expect(InheritanceError(code: EINVAL).description.contains("LISTEN_FDS"))
        }
    }
}
