package dev.wireproof.command;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Rows as one array for each column, for {@code unnest}: a statement for a whole batch instead of one for each row (6 to 9 times as many
 * rows a second).
 */
final class ColumnArrays<R> {
    private final List<Column<R>> columns;

    /** @param type as PostgreSQL calls it; a value is sent as its {@code toString()} */
    record Column<R>(String name, String type, String cast, Function<R, @Nullable Object> value) {
        Column(String name, String type, Function<R, @Nullable Object> value) {
            this(name, type, "", value);
        }
    }

    ColumnArrays(List<Column<R>> columns) {
        this.columns = List.copyOf(columns);
    }

    /** {@code a, b, c} */
    String names() {
        return String.join(", ", columns.stream().map(Column::name).toList());
    }

    /** {@code u.a, u.b::integer[], u.c} */
    String values() {
        return String.join(
                ", ", columns.stream().map(c -> "u." + c.name() + c.cast()).toList());
    }

    /** {@code a = u.a, b = u.b} */
    String assignments() {
        return String.join(
                ", ",
                columns.stream()
                        .map(c -> c.name() + " = u." + c.name() + c.cast())
                        .toList());
    }

    /** {@code unnest(?::uuid[], ?::text[]) AS u(a, b)} */
    String unnest() {
        return "unnest("
                + String.join(
                        ", ", columns.stream().map(c -> "?::" + c.type() + "[]").toList())
                + ") AS u(" + names() + ")";
    }

    /** @return the number of the next parameter */
    int bind(PreparedStatement statement, int first, List<R> rows) throws SQLException {
        int parameter = first;
        for (Column<R> column : columns) {
            @Nullable Object[] values = new @Nullable Object[rows.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = column.value().apply(rows.get(i));
            }
            statement.setArray(parameter++, statement.getConnection().createArrayOf(column.type(), values));
        }
        return parameter;
    }
}
