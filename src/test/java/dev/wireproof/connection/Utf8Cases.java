package dev.wireproof.connection;

import static dev.wireproof.connection.FrameCase.begin;
import static dev.wireproof.connection.FrameCase.bytes;
import static dev.wireproof.connection.FrameCase.closes;
import static dev.wireproof.connection.FrameCase.joined;
import static dev.wireproof.connection.FrameCase.last;
import static dev.wireproof.connection.FrameCase.more;
import static dev.wireproof.connection.FrameCase.seen;
import static dev.wireproof.connection.FrameCase.slice;
import static dev.wireproof.connection.FrameCase.text;
import static dev.wireproof.connection.FrameCase.utf8;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Texts that are UTF-8 and texts that are not, whole and cut at every byte (Unicode 16, §3.9, table 3-7). */
final class Utf8Cases {
    private static final String[] NOT_UTF8 = {
        "80",
        "bf",
        "c0",
        "c1bf",
        "c0af",
        "c2",
        "c3c3",
        "e0",
        "e080af",
        "e09fbf",
        "e28282e2",
        "e282",
        "eda080",
        "edafbf",
        "edb080",
        "edbfbf",
        "eda080edb080",
        "edafbfedbfbf",
        "f0",
        "f08080af",
        "f08fbfbf",
        "f09f98",
        "f4908080",
        "f5808080",
        "f888808080",
        "fc8480808080",
        "fe",
        "ff",
        "feff",
        "c080",
        "20e220",
        "cebae1bdb9cf83cebcceb5eda080656469746564"
    };
    private static final String[] UTF8 = {
        "Hello-µ@ßöäüàá-UTF-8!!",
        "κόσμε",
        "\u0000",
        "\u007f",
        "\u0080",
        "\u07ff",
        "\u0800",
        "\ud7ff",
        "\ue000",
        "\ufffd",
        "\ufffe",
        "\uffff",
        "\ud800\udc00",
        "\udbff\udfff",
        "😀",
        "\ufeffa"
    };

    private Utf8Cases() {}

    static List<FrameCase> all() {
        List<FrameCase> cases = new ArrayList<>();
        for (String text : UTF8) {
            byte[] whole = utf8(text);
            cases.add(seen("UTF-8 " + hex(whole), whole, text(whole)));
        }
        for (String hex : NOT_UTF8) {
            byte[] wrong = joined(utf8("a"), HexFormat.of().parseHex(hex));
            cases.add(closes("no UTF-8: " + hex, 1007, text(wrong)));
        }
        byte[] emoji = utf8("x😀é");
        for (int cut = 1; cut < emoji.length; cut++) {
            cases.add(seen(
                    "UTF-8 cut behind byte " + cut,
                    emoji,
                    begin(slice(emoji, 0, cut)),
                    last(slice(emoji, cut, emoji.length))));
        }
        byte[][] each = new byte[emoji.length][];
        for (int i = 0; i < emoji.length; i++) {
            byte[] one = slice(emoji, i, i + 1);
            each[i] = i == 0 ? begin(one) : i < emoji.length - 1 ? more(one) : last(one);
        }
        cases.add(seen("UTF-8 in fragments of a byte", emoji, each));
        cases.add(closes(
                "a character that the last fragment leaves open", 1007, begin(utf8("a")), last(bytes(0xE2, 0x82))));
        cases.add(closes(
                "no UTF-8 in a fragment before the last", 1007, begin(bytes(0xFF)), more(utf8("b")), last(utf8("c"))));
        cases.add(closes("no UTF-8", 1007, text(bytes(0xC3, 0x28))).beforeAuth());
        return cases;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
