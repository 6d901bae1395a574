package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InterpreterTest {
    private static final List<String> ARGS = List.of("a b", "-c");

    @Test
    void each_interpreter_gets_the_script_as_a_file_and_the_arguments_behind_it() {
        assertThat(Interpreter.SH.vector("/bin/sh", "/h/x.sh", ARGS))
                .containsExactly("/bin/sh", "/h/x.sh", "a b", "-c");
        assertThat(Interpreter.BASH.vector("/bin/bash", "/h/x.sh", ARGS))
                .containsExactly("/bin/bash", "/h/x.sh", "a b", "-c");
        assertThat(Interpreter.PYTHON.vector("/bin/python3", "/h/x.py", ARGS))
                .containsExactly("/bin/python3", "-u", "/h/x.py", "a b", "-c");
        assertThat(Interpreter.POWERSHELL.vector("C:\\pwsh.exe", "C:\\x.ps1", ARGS))
                .containsExactly(
                        "C:\\pwsh.exe",
                        "-NoLogo",
                        "-NoProfile",
                        "-NonInteractive",
                        "-ExecutionPolicy",
                        "Bypass",
                        "-File",
                        "C:\\x.ps1",
                        "a b",
                        "-c");
        assertThat(Interpreter.CMD.vector("C:\\cmd.exe", "C:\\x.cmd", ARGS))
                .containsExactly("C:\\cmd.exe", "/d", "/c", "C:\\x.cmd", "a b", "-c");
    }

    @Test
    void a_script_file_is_in_the_form_its_interpreter_reads() {
        assertThat(content(Interpreter.SH, "é\n")).isEqualTo("é\n");
        assertThat(content(Interpreter.POWERSHELL, "é\n")).isEqualTo("\uFEFFé\n");
        assertThat(content(Interpreter.CMD, "ver\ndir\r\n")).isEqualTo("@echo off\r\nver\r\ndir\r\n");
    }

    private static String content(Interpreter interpreter, String script) {
        return new String(interpreter.fileContent(script), StandardCharsets.UTF_8);
    }

    @Test
    void cmd_takes_no_argument_that_it_would_read_as_more_than_text() {
        assertThat(Interpreter.CMD.refusal(List.of("plain", "a b"))).isNull();
        for (String bad : List.of("\"", "%PATH%", "a&b", "a|b", "<", ">", "^", "!", "\n")) {
            assertThat(Interpreter.CMD.refusal(List.of(bad))).isNotNull();
            assertThat(Interpreter.SH.refusal(List.of(bad))).isNull();
        }
        assertThat(Interpreter.SH.refusal(List.of("\0"))).isNotNull();
    }

    @ParameterizedTest
    @EnumSource(Interpreter.class)
    void each_is_found_by_its_name_on_the_wire(Interpreter interpreter) {
        assertThat(Interpreter.named(interpreter.wireName())).contains(interpreter);
    }

    @Test
    void only_an_executable_file_in_an_absolute_directory_counts() {
        assertThat(Interpreter.SH.find("/nowhere:.::/bin", false)).contains("/bin/sh");
        assertThat(Interpreter.SH.find(".:", false)).isEmpty();
        assertThat(Interpreter.SH.find("/bin", true)).as("sh.exe").isEmpty();
    }
}
