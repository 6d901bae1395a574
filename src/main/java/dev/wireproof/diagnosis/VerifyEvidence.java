package dev.wireproof.diagnosis;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code wireproof-server.jar verify-evidence FILE [--public-key BASE64]}: checks a file of evidence without any server. It knows the file
 * alone, so it says that nothing was changed since it was signed; who signed it is known by comparing the key, which it prints.
 */
public final class VerifyEvidence {
    static final int GOOD = 0;
    static final int CHANGED = 1;
    static final int USAGE = 2;

    private static final int LONGEST = 300;
    private static final String USAGE_LINE = "usage: verify-evidence FILE [--public-key BASE64]";
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .build();

    private static final Set<String> SIGNATURE_FIELDS = Set.of("algorithm", "key_id", "public_key", "value");

    private VerifyEvidence() {}

    public static void main(String[] arguments) {
        System.exit(run(arguments, System.out, System.err));
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        boolean keyGiven = arguments.length == 3 && arguments[1].equals("--public-key");
        if (arguments.length != 1 && !keyGiven) {
            err.println(USAGE_LINE);
            return USAGE;
        }
        byte[] file;
        try {
            file = Files.readAllBytes(Path.of(arguments[0]));
        } catch (IOException | InvalidPathException e) {
            err.println("verify-evidence: cannot read " + arguments[0] + ": " + e);
            return USAGE;
        }
        String problem;
        try {
            problem = problem(file, keyGiven ? arguments[2] : null, out);
        } catch (JacksonException | IllegalArgumentException e) {
            problem = "it is no evidence of this form: " + firstLine(e);
        }
        if (problem != null) {
            err.println("NOT VALID: " + Quoted.plain(problem, LONGEST));
            return CHANGED;
        }
        return GOOD;
    }

    private static String firstLine(RuntimeException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** @return null when it is good */
    private static @Nullable String problem(byte[] file, @Nullable String expectedKey, PrintStream out) {
        JsonNode whole = JSON.readTree(file);
        JsonNode document = whole.path("document");
        JsonNode signature = whole.path("signature");
        if (!document.isObject()
                || !EvidenceBundle.FORMAT.equals(document.path("format").asString(""))) {
            return "it is no evidence of the form " + EvidenceBundle.FORMAT;
        }
        if (!Arrays.equals(CanonicalJson.bytes(whole), withoutNewline(file))) {
            return "its bytes are not in the one form that evidence has: something was added, left out or rewritten";
        }
        // Nothing may stand beside what is signed, or a reader could take it for a part of it.
        if (!names(whole).equals(Set.of("document", "signature"))
                || !names(signature).equals(SIGNATURE_FIELDS)) {
            return "it holds more or less than a document and its signature";
        }
        String publicKey = signature.path("public_key").asString("");
        byte[] key = Base64.getDecoder().decode(publicKey);
        byte[] value = Base64.getDecoder().decode(signature.path("value").asString(""));
        if (!EvidenceKey.ALGORITHM.equals(signature.path("algorithm").asString(""))) {
            return "its signature is of another algorithm than " + EvidenceKey.ALGORITHM;
        }
        String keyId = EvidenceKey.keyId(key);
        if (!keyId.equals(signature.path("key_id").asString(""))) {
            return "its key_id is not that of its public key";
        }
        // Base64 has spare bits at its end that decoders skip: only the one true spelling counts.
        if (!Base64.getEncoder()
                        .encodeToString(value)
                        .equals(signature.path("value").asString())
                || !Base64.getEncoder().encodeToString(key).equals(publicKey)) {
            return "its key or signature is not spelt as it was written";
        }
        if (!EvidenceKey.verifies(key, CanonicalJson.bytes(document), value)) {
            return "its signature does not fit: the document was changed after it was signed";
        }
        if (expectedKey != null && !expectedKey.strip().equals(publicKey)) {
            return "it is signed by another key (" + keyId + ") than the one given";
        }
        JsonNode command = document.path("command");
        out.println("VALID: unchanged since it was signed at " + said(document, "made_at"));
        out.println("command " + said(command, "id") + ", state " + said(command, "state") + ", certainty "
                + said(command, "certainty"));
        out.println("signed by key " + keyId + ": " + publicKey);
        out.println(
                expectedKey == null
                        ? "Compare this key with the server's (GET /api/v1/evidence-key): the file alone cannot say"
                                + " whose it is."
                        : "It is the key that was given.");
        return null;
    }

    /** Whoever signs with a key of their own writes what they like, and this goes to somebody's terminal. */
    private static String said(JsonNode object, String field) {
        return Quoted.plain(object.path(field).asString(""), LONGEST);
    }

    /** An editor or a mail client may have ended the file with a line break; that is no content. */
    private static Set<String> names(JsonNode object) {
        return Set.copyOf(object.propertyNames());
    }

    private static byte[] withoutNewline(byte[] file) {
        int end = file.length;
        while (end > 0 && (file[end - 1] == '\n' || file[end - 1] == '\r')) {
            end--;
        }
        return Arrays.copyOf(file, end);
    }
}
