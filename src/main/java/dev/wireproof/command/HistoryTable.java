package dev.wireproof.command;

import dev.wireproof.command.ColumnArrays.Column;
import java.util.List;

/** The writer's statement on the table {@code command_history}. */
class HistoryTable {
    private static final ColumnArrays<HistoryRow> INSERTED = new ColumnArrays<>(List.of(
            new Column<>("command_id", "uuid", HistoryRow::commandId),
            new Column<>("n", "int4", HistoryRow::n),
            new Column<>("kind", "text", h -> h.kind().wireName),
            new Column<>("at", "timestamptz", HistoryRow::at),
            new Column<>("state", "text", h -> h.state().wireName()),
            new Column<>("certainty", "text", h -> h.certainty().wireName()),
            new Column<>("attempt", "int4", HistoryRow::attempt),
            new Column<>("connection_id", "uuid", HistoryRow::connectionId),
            new Column<>("at_ns", "int8", HistoryRow::atNs),
            new Column<>("cause", "text", HistoryRow::cause)));

    private static final String INSERT = "INSERT INTO command_history (%s) SELECT %s FROM %s"
            .formatted(INSERTED.names(), INSERTED.values(), INSERTED.unnest());

    void insert(Writes to, List<HistoryRow> rows) {
        to.add(INSERT, INSERTED, rows);
    }
}
