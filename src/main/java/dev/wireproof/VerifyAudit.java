package dev.wireproof;

import dev.wireproof.access.AuditVerifier;
import dev.wireproof.access.AuditVerifier.Anchor;
import dev.wireproof.access.AuditVerifier.Report;
import dev.wireproof.database.EmbeddedDatabase;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * {@code wireproof-server.jar verify-audit [--anchor SEQ:HASH]}: reads the audit log of the database that the same settings name as the
 * server's, and finds each changed, removed or reordered row. It only reads, also beside a running server.
 */
final class VerifyAudit {
    static final int GOOD = 0;
    static final int CHANGED = 1;
    static final int USAGE = 2;

    private static final Pattern ANCHOR = Pattern.compile("([1-9][0-9]{0,17}):([0-9a-f]{64})");
    private static final String USAGE_LINE = "usage: verify-audit [--anchor SEQ:HASH]";

    private VerifyAudit() {}

    static void main(String[] arguments) {
        System.exit(run(arguments, System.getenv(), System.out, System.err));
    }

    static int run(String[] arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
        Anchor known = null;
        if (arguments.length > 0) {
            Matcher given = ANCHOR.matcher(arguments[arguments.length - 1]);
            if (arguments.length != 2 || !arguments[0].equals("--anchor") || !given.matches()) {
                err.println(USAGE_LINE);
                return USAGE;
            }
            known = new Anchor(Long.parseLong(given.group(1)), given.group(2));
        }
        try {
            return tell(AuditVerifier.verify(database(environment), known), known, out, err);
        } catch (SQLException | IOException e) {
            err.println("verify-audit: cannot read the database: " + e.getMessage());
            return USAGE;
        }
    }

    private static int tell(Report report, @Nullable Anchor known, PrintStream out, PrintStream err) {
        report.faults().forEach(fault -> err.println("NOT VALID: " + fault));
        if (report.unchained() > 0) {
            out.println(report.unchained() + " rows are older than the chain: nothing can be said of them");
        }
        Anchor newest = report.newest();
        String end = newest == null ? "none" : newest.seq() + ":" + newest.hash();
        if (!report.faults().isEmpty()) {
            return CHANGED;
        }
        out.println("VALID: " + report.rows() + " rows are as they were written, none is missing between them");
        out.println("newest: " + end);
        out.println(
                known == null
                        ? "Rows cut off at the newest end are only seen against an earlier line of this kind: --anchor SEQ:HASH (the server logs one each hour as audit.head)."
                        : "The row of the given anchor is there.");
        return GOOD;
    }

    private static DataSource database(Map<String, String> environment) throws IOException {
        String url = environment.getOrDefault("SPRING_DATASOURCE_URL", "");
        PGSimpleDataSource database = new PGSimpleDataSource();
        if (url.isEmpty()) {
            EmbeddedDatabase.Access running =
                    EmbeddedDatabase.running(Path.of(environment.getOrDefault("WIREPROOF_HOME", "./data")));
            database.setURL(running.jdbcUrl());
            database.setUser(running.user());
            database.setPassword(running.password());
        } else {
            database.setURL(url);
            database.setUser(environment.getOrDefault("SPRING_DATASOURCE_USERNAME", ""));
            database.setPassword(environment.getOrDefault("SPRING_DATASOURCE_PASSWORD", ""));
        }
        return database;
    }
}
