import RoostJSON
import Testing

@Suite struct JSONWriterTests {
    private let value: JSONValue = ["name": "proxy", "n": [1, -2.5, nil, true], "none": [], "empty": [:]]

    @Test("compact is one line in the order of the keys")
    func compact() {
        #expect(JSONWriter.compact(value) == #"{"name":"proxy","n":[1,-2.5,null,true],"none":[],"empty":{}}"#)
    }

    @Test("pretty has one member a line")
    func pretty() {
        #expect(
            JSONWriter.pretty(value) == """
                {
                  "name": "proxy",
                  "n": [
                    1,
                    -2.5,
                    null,
                    true
                  ],
                  "none": [],
                  "empty": {}
                }
                """
        )
    }

    @Test("quotes, backslashes and control characters are escaped, the rest stays")
    func escapes() {
        #expect(
            JSONWriter.compact("\"\\/\n\r\t\u{0}\u{1b}\u{7f}é😀") == #""\"\\/\n\r\t\u0000\u001b\u007fé😀""#
        )
        #expect(JSONWriter.compact(["a\"b": 1]) == #"{"a\"b":1}"#)
    }

    @Test("what JSON cannot say becomes null", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(number: Double) {
        #expect(JSONWriter.compact(.number(number)) == "null")
    }

    @Test("an object keeps the order of its members")
    func order() {
        var object: JSONObject = ["b": 1, "a": 2, "c": 3]
        object["a"] = 4
        object["b"] = nil
        object["d"] = 5
        #expect(object.keys == ["a", "c", "d"])
        #expect(object["a"] == 4)
        #expect(object["b"] == nil)
    }
}
