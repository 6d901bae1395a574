package dev.wireproof.database;

import java.util.ArrayList;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Looks whether the database writes what it says it wrote. */
public final class DurabilityCheck {
    private static final List<String> MUST_BE_ON = List.of("fsync", "full_page_writes", "synchronous_commit");

    private DurabilityCheck() {}

    /** @return the settings that are off, each with what may be lost by it; empty when a commit is a commit */
    public static List<String> weaknesses(JdbcClient db) {
        List<String> found = new ArrayList<>();
        for (String setting : MUST_BE_ON) {
            String value = db.sql("SELECT current_setting(:name)")
                    .param("name", setting)
                    .query(String.class)
                    .single();
            if ("off".equals(value)) {
                found.add(setting + "=off: " + lossOf(setting));
            }
        }
        return found;
    }

    private static String lossOf(String setting) {
        return switch (setting) {
            case "synchronous_commit" -> "up to 0.6 s of answered commands are lost when the database crashes";
            case "fsync" -> "all data may be lost when the machine loses power";
            default -> "pages may be torn when the machine loses power";
        };
    }
}
