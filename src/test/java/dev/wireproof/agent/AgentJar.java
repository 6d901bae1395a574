package dev.wireproof.agent;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of the real jar share: a scripted server, a directory, and an agent that can be started again. */
abstract class AgentJar {
    @TempDir
    Path directory;

    ScriptedServer server;
    AgentProcess agent;

    @BeforeEach
    final void startBoth() throws Exception {
        server = new ScriptedServer();
        agent = AgentProcess.start(server, home(), options());
    }

    @AfterEach
    final void stopBoth() throws Exception {
        agent.close();
        server.close();
    }

    /** For the agent's command line. */
    String[] options() {
        return new String[0];
    }

    Path home() {
        return directory.resolve("home");
    }

    /** A new process on the same home; the one before must have ended. */
    void startAgain() throws Exception {
        agent = AgentProcess.start(server, home(), options());
    }

    void killAndStartAgain() throws Exception {
        agent.kill();
        startAgain();
    }
}
