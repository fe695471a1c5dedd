import Testing

@testable import RoostSystemd

@Suite("WatchdogSettings") struct WatchdogSettingsTests {
    static func settings(_ variables: [String: String]) -> WatchdogSettings? {
        WatchdogSettings(processID: 7) { variables[$0] }
    }

    @Test(
        "the watchdog is off",
        arguments: [
            [:], ["WATCHDOG_PID": "7"], ["WATCHDOG_USEC": ""], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "-5"],
            ["WATCHDOG_USEC": "10s"], ["WATCHDOG_USEC": "99999999999999999999"],
            ["WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "8"], ["WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "x"],
        ] as [[String: String]]
    )
    func off(_ variables: [String: String]) {
        #expect(Self.settings(variables) == nil)
    }

    @Test("pings come at a third of the timeout")
    func third() {
        #expect(Self.settings(["WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "7"])?.interval == .seconds(3))
        #expect(Self.settings(["WATCHDOG_USEC": "9000000"])?.timeout == .seconds(9))
    }

    @Test("a timeout below a second is kept, with no floor under the interval")
    func subSecond() {
        #expect(Self.settings(["WATCHDOG_USEC": "300000"])?.interval == .milliseconds(100))
        #expect(Self.settings(["WATCHDOG_USEC": "3"])?.interval == .microseconds(1))
    }
}
