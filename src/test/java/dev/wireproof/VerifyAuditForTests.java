package dev.wireproof;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** {@code verify-audit} without a process of its own. */
public final class VerifyAuditForTests {
    private VerifyAuditForTests() {}

    /** @return its exit code, then what it printed */
    public static String run(String databaseUrl, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        int code = VerifyAudit.run(
                arguments,
                Map.of("SPRING_DATASOURCE_URL", databaseUrl, "SPRING_DATASOURCE_USERNAME", "postgres"),
                print,
                print);
        return code + " " + out.toString(StandardCharsets.UTF_8);
    }
}
