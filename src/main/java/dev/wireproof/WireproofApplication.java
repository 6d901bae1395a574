package dev.wireproof;

import dev.wireproof.agent.AgentMain;
import dev.wireproof.diagnosis.VerifyEvidence;
import dev.wireproof.signing.RotateSigningKey;
import dev.wireproof.simulator.SimulateCommand;
import java.util.Arrays;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * The one program of the server's jar. Without a first word it is the server; {@code simulate …}, {@code agent …},
 * {@code verify-evidence …}, {@code verify-audit …} and {@code rotate-signing-key …} are the simulator, the reference agent and the checks of an evidence file and of the
 * audit log, and what replaces the key that signs commands, which know nothing of Spring.
 */
@SpringBootApplication
public class WireproofApplication {
    public static void main(String[] args) throws Exception {
        String word = args.length == 0 ? "" : args[0];
        switch (word) {
            case "simulate" -> SimulateCommand.main(rest(args));
            case "agent" -> AgentMain.main(rest(args));
            case "verify-evidence" -> VerifyEvidence.main(rest(args));
            case "rotate-signing-key" -> RotateSigningKey.main(rest(args));
            case "verify-audit" -> VerifyAudit.main(rest(args));
            default -> serve(args);
        }
    }

    private static void serve(String[] args) {
        SpringApplication server = new SpringApplication(WireproofApplication.class);
        server.addInitializers(new DemoTokens());
        try {
            server.run(args);
        } catch (RuntimeException e) {
            // Reported already, by StartupProblem or by Spring Boot itself.
            System.exit(1);
        }
    }

    private static String[] rest(String[] args) {
        return Arrays.copyOfRange(args, 1, args.length);
    }
}
