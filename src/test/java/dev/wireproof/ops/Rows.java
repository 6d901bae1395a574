package dev.wireproof.ops;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Looks into a test's database past the server. */
final class Rows {
    private Rows() {}

    static Connection open(String url) throws SQLException {
        return DriverManager.getConnection(url, "postgres", "");
    }

    /** The first column of each row. */
    static List<String> of(String url, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Connection connection = open(url);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }

    /** Ids of the simulated agents with that fault. */
    static List<String> agentsWith(String url, String fault) throws SQLException {
        return of(url, "SELECT id FROM agent WHERE hostname LIKE 'sim-" + fault + "-%'");
    }
}
