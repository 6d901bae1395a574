package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.access.Role;
import dev.wireproof.command.CommandView;
import dev.wireproof.diagnosis.Diagnoses;
import dev.wireproof.diagnosis.EvidenceSigner;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** What is known of a command as a file to keep, which nobody can change unseen. */
@RestController
@RequestMapping("/api/v1")
class EvidenceController {
    private final Diagnoses diagnoses;
    private final VisibleCommands visible;

    EvidenceController(Diagnoses diagnoses, VisibleCommands visible) {
        this.diagnoses = diagnoses;
        this.visible = visible;
    }

    /** What the file looks like, for the description only: its bytes come as they were signed. */
    record EvidenceFileJson(Map<String, Object> document, Map<String, String> signature) {}

    /** The bytes are the evidence: they are handed out as they were signed, and never formatted. */
    @RequiresRole(value = Role.VIEWER, audit = "evidence.export")
    @GetMapping("/commands/{id}/evidence")
    ResponseEntity<byte[]> evidence(HttpServletRequest request, Caller caller, @PathVariable String id) {
        CommandView command = visible.command(request, caller, id);
        byte[] file = diagnoses
                .evidence(command.id())
                .orElseThrow(() -> Problem.notFound().exception());
        return ResponseEntity.ok()
                .contentType(MediaType.APPLICATION_JSON)
                .header("Content-Disposition", "attachment; filename=\"evidence-" + command.id() + ".json\"")
                .body(file);
    }

    /** The public key of this server's evidence, to be compared with the one in a file. */
    @RequiresRole(Role.VIEWER)
    @GetMapping("/evidence-key")
    EvidenceSigner key() {
        return diagnoses.signer();
    }
}
