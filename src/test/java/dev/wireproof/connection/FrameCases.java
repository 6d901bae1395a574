package dev.wireproof.connection;

import static dev.wireproof.connection.FrameCase.begin;
import static dev.wireproof.connection.FrameCase.bytes;
import static dev.wireproof.connection.FrameCase.close;
import static dev.wireproof.connection.FrameCase.closePayload;
import static dev.wireproof.connection.FrameCase.closes;
import static dev.wireproof.connection.FrameCase.filled;
import static dev.wireproof.connection.FrameCase.ignored;
import static dev.wireproof.connection.FrameCase.joined;
import static dev.wireproof.connection.FrameCase.last;
import static dev.wireproof.connection.FrameCase.lying;
import static dev.wireproof.connection.FrameCase.more;
import static dev.wireproof.connection.FrameCase.ping;
import static dev.wireproof.connection.FrameCase.pong;
import static dev.wireproof.connection.FrameCase.pongs;
import static dev.wireproof.connection.FrameCase.seen;
import static dev.wireproof.connection.FrameCase.slice;
import static dev.wireproof.connection.FrameCase.text;
import static dev.wireproof.connection.FrameCase.utf8;

import dev.wireproof.testkit.RawPeer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The core of RFC 6455 as a hostile peer would try it: framing, fragments, control frames, lengths, closing. UTF-8 has a list of its own. */
final class FrameCases {
    private static final byte[] NOTHING = {};
    private static final byte[] HI = utf8("hi");

    private FrameCases() {}

    static List<FrameCase> all() {
        return Stream.of(
                        lengths(),
                        pings(),
                        reservedBits(),
                        opcodes(),
                        fragments(),
                        closings(),
                        badClosings(),
                        masks(),
                        limits(),
                        Utf8Cases.all())
                .flatMap(List::stream)
                .toList();
    }

    private static List<FrameCase> lengths() {
        List<FrameCase> cases = new ArrayList<>();
        for (int length : new int[] {0, 1, 125, 126, 127, 128, 4_095, 4_096, 4_097, 65_535, 65_536}) {
            byte[] payload = filled(length);
            cases.add(seen("a text of " + length + " bytes", payload, text(payload)));
        }
        cases.add(seen("a text of 200 bytes", filled(200), text(filled(200))).inSingleBytes());
        cases.add(seen("a length of 5 in 16 bits", filled(5), lying(0x81, 16, 5, filled(5))));
        cases.add(seen("a length of 5 in 64 bits", filled(5), lying(0x81, 64, 5, filled(5))));
        for (int length : new int[] {0, 1, 126, 65_536}) {
            byte[] payload = filled(length);
            cases.add(closes("binary of " + length + " bytes", 1003, RawPeer.encoded(0x82, true, payload)));
        }
        cases.add(closes("binary in fragments", 1003, RawPeer.encoded(0x02, true, HI), last(HI)));
        cases.add(closes("binary", 1003, RawPeer.encoded(0x82, true, HI)).beforeAuth());
        return cases;
    }

    private static List<FrameCase> pings() {
        List<FrameCase> cases = new ArrayList<>(List.of(
                pongs("a Ping without payload", NOTHING, ping(NOTHING)),
                pongs("a Ping with text", HI, ping(HI)),
                pongs("a Ping with bytes that are no text", bytes(0, 0xFF, 0xFE), ping(bytes(0, 0xFF, 0xFE))),
                pongs("a Ping of 125 bytes", filled(125), ping(filled(125))),
                pongs("a Ping of 125 bytes", filled(125), ping(filled(125))).inSingleBytes(),
                pongs("a Ping", HI, ping(HI)).beforeAuth(),
                pongs("a Ping between Pongs that nobody asked for", HI, pong(HI), ping(HI), pong(NOTHING)),
                closes("a Ping of 126 bytes", 1002, ping(filled(126))),
                pongs("a Ping with a length of 5 in 16 bits", filled(5), lying(0x89, 16, 5, filled(5))),
                closes("a Ping in fragments", 1002, RawPeer.encoded(0x09, true, HI), last(HI)),
                ignored("a Pong without payload", pong(NOTHING)),
                ignored("a Pong with a guessed payload", pong(filled(16))),
                ignored("a Pong of 125 bytes", pong(filled(125))),
                closes("a Pong of 126 bytes", 1002, pong(filled(126))),
                closes("a Pong in fragments", 1002, RawPeer.encoded(0x0A, true, HI))));
        for (int count : new int[] {2, 10}) {
            byte[][] frames = IntStream.range(0, count)
                    .mapToObj(i -> joined(ping(bytes(i)), text(bytes('x', i))))
                    .toArray(byte[][]::new);
            cases.add(seen(count + " Pings between texts", bytes('x', count - 1), frames));
        }
        return cases;
    }

    private static List<FrameCase> reservedBits() {
        List<FrameCase> cases = new ArrayList<>();
        for (int bits = 1; bits <= 7; bits++) {
            int first = 0x80 | bits << 4;
            cases.add(closes("reserved bits " + bits + " on a text", 1002, RawPeer.encoded(first | 1, true, HI)));
        }
        cases.add(closes("a reserved bit on a Ping", 1002, RawPeer.encoded(0xC9, true, HI)));
        cases.add(closes("a reserved bit on a Pong", 1002, RawPeer.encoded(0xAA, true, HI)));
        cases.add(closes("a reserved bit on a Close", 1002, RawPeer.encoded(0x98, true, closePayload(1000, NOTHING))));
        cases.add(closes("a reserved bit on a continuation", 1002, begin(HI), RawPeer.encoded(0xC0, true, HI)));
        cases.add(
                closes("a reserved bit", 1002, RawPeer.encoded(0xC1, true, HI)).beforeAuth());
        return cases;
    }

    private static List<FrameCase> opcodes() {
        List<FrameCase> cases = new ArrayList<>();
        for (int opcode : new int[] {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
            cases.add(closes(
                    "opcode " + opcode + " without payload", 1002, RawPeer.encoded(0x80 | opcode, true, NOTHING)));
            cases.add(closes("opcode " + opcode + " with payload", 1002, RawPeer.encoded(0x80 | opcode, true, HI)));
        }
        cases.add(closes("opcode 3 within a message", 1002, begin(HI), RawPeer.encoded(0x83, true, HI)));
        cases.add(closes("opcode 11 that announces 2^62 bytes", 1002, lying(0x8B, 64, 1L << 62, HI)));
        cases.add(closes("opcode 3 that announces 2^31 - 1 bytes", 1002, lying(0x83, 64, Integer.MAX_VALUE, HI)));
        return cases;
    }

    private static List<FrameCase> fragments() {
        byte[] hihi = joined(HI, HI);
        List<FrameCase> cases = new ArrayList<>(List.of(
                seen("two fragments", hihi, begin(HI), last(HI)),
                seen("two fragments", hihi, begin(HI), last(HI)).inSingleBytes(),
                seen("three fragments", joined(hihi, HI), begin(HI), more(HI), last(HI)),
                seen("an empty first fragment", HI, begin(NOTHING), last(HI)),
                seen("an empty fragment between others", hihi, begin(HI), more(NOTHING), last(HI)),
                seen("an empty last fragment", HI, begin(HI), last(NOTHING)),
                seen("nothing but empty fragments", NOTHING, begin(NOTHING), more(NOTHING), last(NOTHING)),
                pongs("a Ping between fragments", HI, begin(HI), ping(HI), last(HI)),
                seen("a Pong between fragments", hihi, begin(HI), pong(HI), last(HI)),
                closes("a Close between fragments", 1000, begin(HI), close(1000, ""), last(HI)),
                closes("a new text within a message", 1002, begin(HI), text("no")),
                closes("a new fragmented text within a message", 1002, begin(HI), begin(HI)),
                closes("binary within a message", 1002, begin(HI), RawPeer.encoded(0x82, true, HI)),
                closes("a continuation of nothing", 1002, last(HI)),
                closes("an unfinished continuation of nothing", 1002, more(HI)),
                closes("an empty continuation of nothing", 1002, last(NOTHING)),
                closes("a continuation after a whole text", 1002, text("hi"), last(HI)),
                closes("a continuation after the last fragment", 1002, begin(HI), last(HI), last(HI))));
        byte[] letters = filled(100);
        byte[][] single = new byte[100][];
        for (int i = 0; i < 100; i++) {
            byte[] one = {letters[i]};
            single[i] = i == 0 ? begin(one) : i < 99 ? joined(more(one), ping(one)) : last(one);
        }
        cases.add(seen("a hundred fragments with a Ping behind each", letters, single));
        byte[] large = filled(65_536);
        cases.add(seen(
                "64 KiB in fragments of 1, 8 KiB and the rest",
                large,
                begin(slice(large, 0, 1)),
                more(slice(large, 1, 8_193)),
                last(slice(large, 8_193, 65_536))));
        return cases;
    }

    private static List<FrameCase> closings() {
        List<FrameCase> cases = new ArrayList<>();
        for (int code : new int[] {
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4409, 4999
        }) {
            cases.add(closes("a Close with " + code, code, close(code, "")));
        }
        cases.add(closes("a Close without payload", 1005, close(NOTHING)));
        cases.add(closes("a Close with a reason", 1000, close(1000, "enough for today")));
        cases.add(closes("a Close with a reason of 123 bytes", 1000, close(closePayload(1000, filled(123)))));
        cases.add(closes("a Close with a reason in many scripts", 1000, close(1000, "genug Äpfel, 十分, 😀")));
        cases.add(closes("a Close", 1000, close(1000, "")).beforeAuth());
        cases.add(closes("a Close", 1000, close(1000, "bye")).inSingleBytes());
        cases.add(closes(
                "a text, a Ping and another Close behind a Close",
                1000,
                close(1000, ""),
                text("late"),
                ping(HI),
                close(1001, "")));
        cases.add(closes("broken frames behind a Close", 1000, close(1000, ""), bytes(0xFF, 0xFF, 0xFF, 0xFF, 0xFF)));
        return cases;
    }

    private static List<FrameCase> badClosings() {
        List<FrameCase> cases = new ArrayList<>();
        for (int code : new int[] {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535}) {
            cases.add(closes("a Close with " + code + ", which nobody may send", 1002, close(code, "")));
        }
        cases.add(closes("a Close with one byte of payload", 1002, close(bytes(3))));
        cases.add(closes("a Close with a reason of 124 bytes", 1002, close(closePayload(1000, filled(124)))));
        cases.add(closes("a Close in fragments", 1002, RawPeer.encoded(0x08, true, closePayload(1000, NOTHING))));
        cases.add(closes(
                "a Close with a reason that is no UTF-8",
                1007,
                close(closePayload(1000, bytes('a', 0xCE, 0xBA, 0xE1, 0xBD)))));
        return cases;
    }

    private static List<FrameCase> masks() {
        return List.of(
                seen("a mask of zeros", HI, lying(0x81, 7, 2, HI)),
                closes("a text without a mask", 1002, RawPeer.encoded(0x81, false, HI)),
                closes("an empty text without a mask", 1002, RawPeer.encoded(0x81, false, NOTHING)),
                closes("a Ping without a mask", 1002, RawPeer.encoded(0x89, false, HI)),
                closes("a Close without a mask", 1002, RawPeer.encoded(0x88, false, closePayload(1000, NOTHING))),
                closes("a continuation without a mask", 1002, begin(HI), RawPeer.encoded(0x80, false, HI)),
                closes("a text without a mask", 1002, RawPeer.encoded(0x81, false, HI))
                        .beforeAuth());
    }

    private static List<FrameCase> limits() {
        return List.of(
                closes("a text of 64 KiB and a byte", 1009, text(filled(65_537))),
                closes("64 KiB and a byte in fragments", 1009, begin(filled(65_536)), last(filled(1))),
                closes("a text of 1 MiB", 1009, text(filled(1 << 20))),
                closes("a text of 8 KiB and a byte", 1009, text(filled(8_193))).beforeAuth(),
                closes("8 KiB and a byte in fragments", 1009, begin(filled(8_192)), last(filled(1)))
                        .beforeAuth(),
                closes("a first text of 8 KiB that is no Auth", 4400, text(filled(8_192)))
                        .beforeAuth(),
                closes("a length whose highest bit is set", 1009, lying(0x81, 64, Long.MIN_VALUE, HI)),
                closes("a length of 2^64 - 1", 1009, lying(0x81, 64, -1, HI)),
                closes("a length of 2^62", 1009, lying(0x81, 64, 1L << 62, HI)),
                closes("a length of 2^31", 1009, lying(0x81, 64, 1L << 31, HI)),
                closes(
                                "a length of 2^31 - 1 and 64 KiB and a byte of it",
                                1009,
                                lying(0x81, 64, Integer.MAX_VALUE, filled(65_537)))
                        .unanswerably(1009),
                closes("binary that announces 2^62 bytes", 1009, lying(0x82, 64, 1L << 62, HI)),
                closes("a Ping that announces 2^62 bytes", 1009, lying(0x89, 64, 1L << 62, HI)));
    }
}
