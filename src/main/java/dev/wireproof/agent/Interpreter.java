package dev.wireproof.agent;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What can run a script, and the argument vector that does it. The script goes into a file that only its owner may read,
 * never into an argument: arguments are seen by every user of the machine, and a long one does not fit.
 */
enum Interpreter {
    SH("sh", ".sh", List.of("sh")),
    BASH("bash", ".sh", List.of("bash")),
    /** Without buffers, so that output is seen while the script runs. */
    PYTHON("python", ".py", List.of("python3", "python")),
    POWERSHELL("powershell", ".ps1", List.of("pwsh", "powershell")),
    CMD("cmd", ".cmd", List.of("cmd"));

    /** What cmd.exe would take for more than text, whatever quotes are around it. */
    private static final String CMD_SPECIAL = "\"%&|<>^!\r\n";

    private final String wireName;
    private final String suffix;
    private final List<String> programs;

    Interpreter(String wireName, String suffix, List<String> programs) {
        this.wireName = wireName;
        this.suffix = suffix;
        this.programs = programs;
    }

    String wireName() {
        return wireName;
    }

    /** Of the script's file; some interpreters insist on it. */
    String suffix() {
        return suffix;
    }

    static Optional<Interpreter> named(String wireName) {
        for (Interpreter one : values()) {
            if (one.wireName.equals(wireName)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }

    /** @return why these arguments cannot be passed as they are; null when they can */
    @Nullable
    String refusal(List<String> args) {
        for (String arg : args) {
            if (arg.indexOf('\0') >= 0) {
                return "an argument holds NUL";
            }
            if (this == CMD && arg.chars().anyMatch(c -> CMD_SPECIAL.indexOf(c) >= 0)) {
                return "cmd cannot take an argument with one of \" % & | < > ^ ! or a line break as it is";
            }
        }
        return null;
    }

    /** A pure function: program and script are paths as they are. */
    List<String> vector(String program, String scriptFile, List<String> args) {
        List<String> vector = new ArrayList<>();
        vector.add(program);
        vector.addAll(
                switch (this) {
                    case SH, BASH -> List.of();
                    case PYTHON -> List.of("-u");
                    case POWERSHELL ->
                        List.of("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File");
                    case CMD -> List.of("/d", "/c");
                });
        vector.add(scriptFile);
        vector.addAll(args);
        return vector;
    }

    /** The bytes of the script's file. */
    byte[] fileContent(String script) {
        return switch (this) {
            case SH, BASH, PYTHON -> utf8(script);
            // Windows PowerShell takes a file without this mark for the machine's old code page.
            case POWERSHELL -> utf8("\uFEFF" + script);
            case CMD -> utf8("@echo off\r\n" + script.replace("\r\n", "\n").replace("\n", "\r\n"));
        };
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Looks in PATH each time: what was installed meanwhile counts. */
    Optional<String> find(String path, boolean windows) {
        for (String program : programs) {
            for (String directory : path.split(File.pathSeparator, -1)) {
                try {
                    Path candidate = Path.of(directory, windows ? program + ".exe" : program);
                    if (candidate.isAbsolute() && Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                        return Optional.of(candidate.toString());
                    }
                } catch (InvalidPathException e) {
                    // An odd entry of PATH is nobody's interpreter.
                }
            }
        }
        return Optional.empty();
    }

    Optional<String> find() {
        return find(
                System.getenv().getOrDefault("PATH", "/usr/bin:/bin"),
                Machine.family(System.getProperty("os.name", "")).equals("windows"));
    }
}
