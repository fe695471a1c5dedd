import Glibc
import RoostReactor
import Testing

@Suite("Descriptor and SystemError") struct DescriptorTests {
    /// Numbers are given out again at once, so this needs a process of its own.
    @Test("a descriptor is closed with its owner, unless it was given away")
    func owner() async {
        await #expect(processExitsWith: .success) {
            let number = open("/dev/null", O_RDONLY)
            do { _ = Descriptor(owning: number) }
            #expect(fcntl(number, F_GETFD) == -1)
            let other = open("/dev/null", O_RDONLY)
            let released = Descriptor(owning: other).release()
            #expect(released == other && fcntl(other, F_GETFD) >= 0)
        }
    }

    @Test("an error says which call failed, on what, and why")
    func description() {
        #expect(SystemError("bind", "127.0.0.1:80", code: EACCES).description == "bind 127.0.0.1:80: Permission denied")
        #expect(SystemError("eventfd", code: EMFILE).description == "eventfd: Too many open files")
    }
}
