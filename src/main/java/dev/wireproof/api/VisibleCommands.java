package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.command.CommandView;
import dev.wireproof.command.Commands;
import dev.wireproof.id.CommandId;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.stereotype.Component;

/** The commands that a caller may see: those of their sites. */
@Component
class VisibleCommands {
    private final Commands commands;

    VisibleCommands(Commands commands) {
        this.commands = commands;
    }

    CommandView command(HttpServletRequest request, Caller caller, String id) {
        CommandView command = commands.find(Visible.parsed(id, CommandId::parse))
                .orElseThrow(() -> Problem.notFound().exception());
        Visible.require(request, caller, command.siteId());
        return command;
    }
}
