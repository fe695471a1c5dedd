import Testing

@testable import RoostSystemd

@Suite("Notification") struct NotificationTests {
    @Test(
        "each assignment has the bytes of sd_notify(3)",
        arguments: [
            (Notification.ready, "READY=1"),
            (.status("5/6 ready, proxy restarting (crash 2/5)"), "STATUS=5/6 ready, proxy restarting (crash 2/5)"),
            (.reloading(since: 12_345_678_999), "RELOADING=1\nMONOTONIC_USEC=12345678"),
            (.stopping, "STOPPING=1"),
            (.watchdog, "WATCHDOG=1"),
            (.watchdogTrigger, "WATCHDOG=trigger"),
            (.extendTimeout(.milliseconds(1500)), "EXTEND_TIMEOUT_USEC=1500000"),
            (.extendTimeout(.seconds(-1)), "EXTEND_TIMEOUT_USEC=0"),
            (.extendTimeout(.seconds(Int64.max)), "EXTEND_TIMEOUT_USEC=18446744073709551615"),
            (.mainProcess(42), "MAINPID=42"),
        ]
    )
    func bytes(_ notification: Notification, _ expected: String) {
        #expect(notification.text == expected)
    }

    @Test("a status cannot smuggle in another assignment")
    func statusIsOneLine() {
        #expect(Notification.status("a\nREADY=1\r\0b\u{85}c").text == "STATUS=a READY=1  b c")
    }

    @Test("a status is cut at the limit, between characters")
    func statusIsBounded() {
        let text = Notification.status(String(repeating: "é", count: 4000)).text
        #expect(text.utf8.count == "STATUS=".utf8.count + Notification.statusLimit)
        #expect(text.hasSuffix("é"))
        let odd = Notification.status("x" + String(repeating: "é", count: 4000)).text
        #expect(odd.utf8.count == "STATUS=".utf8.count + Notification.statusLimit - 1)
    }

    @Test(
        "a descriptor's name is what FDNAME allows",
        arguments: [
            ("proxy.listen", true), ("a", true), ("", false), ("a:b", false), ("a b", false), ("a\nREADY=1", false),
            ("é", false), (String(repeating: "a", count: 255), true), (String(repeating: "a", count: 256), false),
        ]
    )
    func descriptorName(_ name: String, _ isName: Bool) {
        #expect(Notifier.isDescriptorName(name) == isName)
    }
}
