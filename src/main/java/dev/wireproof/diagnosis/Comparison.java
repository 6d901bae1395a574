package dev.wireproof.diagnosis;

import dev.wireproof.command.CommandView;
import dev.wireproof.command.Commands;
import dev.wireproof.diagnosis.Judgement.Statement;
import dev.wireproof.id.CommandId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is different in a Command that an agent cannot read from the last one that an agent of the same version acknowledged. */
final class Comparison {
    /** Looked for among the newest commands only, so that it never reads the whole table. */
    private static final String LAST_ACKED = """
        SELECT newest.id
          FROM (SELECT id, agent_id, acked_at, seq FROM command ORDER BY seq DESC LIMIT 5000) newest
          JOIN agent theirs ON theirs.id = newest.agent_id
          JOIN agent its ON its.id = :agent
         WHERE newest.acked_at IS NOT NULL
           AND newest.id <> :command
           AND theirs.agent_version = its.agent_version
         ORDER BY newest.seq DESC
         LIMIT 1
        """;

    private final JdbcClient db;
    private final Commands commands;

    Comparison(JdbcClient db, Commands commands) {
        this.db = db;
        this.commands = commands;
    }

    List<Statement> of(CommandView command) {
        return db.sql(LAST_ACKED)
                .param("agent", command.agentId().value())
                .param("command", command.id().value())
                .query(UUID.class)
                .optional()
                .flatMap(id -> commands.find(new CommandId(id)))
                .map(acked -> List.of(statement(command, acked)))
                .orElseGet(() -> List.of(new Statement(
                        "no agent of this version has acknowledged a command lately, so there is none to compare with",
                        0,
                        false,
                        Exhibit.NONE)));
    }

    private static Statement statement(CommandView command, CommandView acked) {
        List<String> differences = differences(command, acked);
        String with =
                "compared with command %s, the last that an agent of this version acknowledged: ".formatted(acked.id());
        return differences.isEmpty()
                ? new Statement(with + "no field differs in kind, so the message is not suspect", 0, true, Exhibit.NONE)
                : new Statement(
                        with + "it differs in " + String.join(", ", differences) + ": the message may be at fault",
                        differences.size(),
                        false,
                        Exhibit.NONE);
    }

    static List<String> differences(CommandView one, CommandView other) {
        List<String> found = new ArrayList<>();
        add(found, "interpreter", one.interpreter(), other.interpreter());
        add(found, "script in other than ASCII", !ascii(one.script()), !ascii(other.script()));
        add(
                found,
                "script longer than 4 KiB",
                one.script().length() > 4_096,
                other.script().length() > 4_096);
        add(found, "args given", !one.args().isEmpty(), !other.args().isEmpty());
        add(found, "env given", !one.env().isEmpty(), !other.env().isEmpty());
        add(found, "cwd given", one.cwd() != null, other.cwd() != null);
        return found;
    }

    private static void add(List<String> found, String field, Object mine, Object theirs) {
        if (!mine.equals(theirs)) {
            found.add("%s (%s here, %s there)".formatted(field, mine, theirs));
        }
    }

    private static boolean ascii(String text) {
        return text.chars().allMatch(c -> c < 128);
    }
}
