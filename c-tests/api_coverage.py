"""Holds docs/api-coverage.md against the exports, the header, the documents' codes, and what the C tests saw.

    python3 api_coverage.py SOURCE_DIR ANSWERS_DIR

A row of the tables is an operation, its blocking form, its form with a completion, a code, and the test that
shows the code in each form. A test is a program of c-tests, which notes what each function answered it in
ANSWERS_DIR; or `a Rust test`; or `never: why`, for a code that the documents have and this library does not answer.
"""

import pathlib
import re
import sys

NOTHING = "—"


def read_rows(page):
    """(line number, blocking form, completing form, code, its two tests) of each row with a function."""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and cells[1].startswith("`"):
            yield number, cells[1].strip("`"), cells[2].strip("`"), cells[3], cells[4], cells[5]


def read_header(path):
    """Every function's codes by its documentation; those it takes over from another function too."""
    declared = re.compile(r"/\*\*((?:[^*]|\*(?!/))*)\*/\s*\n[\w ]+?[ *]+([a-z]\w*)\(")
    docs = {name: re.sub(r"\s*\n \* ?\s*", " ", doc) for doc, name in declared.findall(path.read_text())}
    number = re.compile(r"(?<![\d.])(20[12]|401|801|1[34]\d{6}|22400\d{3})(?!\d)")
    codes = {}

    def find(name):
        if name not in codes:
            codes[name] = set()
            returned = docs[name].partition("@return")[2].split("Thread safety")[0]
            found = {int(code) for code in number.findall(returned)}
            for other in re.findall(r"(?:[Aa]s|and) ([a-z]+_\w+)", returned):
                # "401 as X" names what is taken over; "As X" and "otherwise as X" take all of it.
                if other in docs and re.search(rf"(otherwise as|^ *As) {other}", returned):
                    found |= find(other)
            told = re.search(r"Told the code of (\w+)", docs[name])
            if told:
                found |= find(told.group(1)) - {13900029}
            codes[name] = found
        return codes[name]

    for name in docs:
        find(name)
    return codes


def read_documented(path):
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            name, *codes = line.split()
            yield name, {int(code) for code in codes}


def shown(function, code, test, source, answers):
    """What is wrong with a test that is to show that a function answers a code."""
    if test == NOTHING or test.startswith("never: "):
        return None
    if test.startswith("`"):
        name = test.strip("`")
        rust = [*source.glob("src/**/*.rs"), *source.glob("crates/**/*.rs")]
        return None if any(f"fn {name}(" in file.read_text() for file in rust) else f"there is no Rust test {name}"
    if code == NOTHING:
        program = source / "c-tests" / f"{test}.c"
        called = program.exists() and re.search(rf"\b{function}\b", program.read_text())
        return None if called else f"{test} does not call it"
    noted = answers / test
    if not noted.exists():
        return f"{test} noted no answers"
    # A function that answers a number of its own has its codes negated.
    said = {f"{function} {code}", f"{function} -{code}"} & set(noted.read_text().splitlines())
    return None if said else f"{test} was not answered this"


def main(source, answers):
    page = source / "docs" / "api-coverage.md"
    wrong, covered = [], {}
    for number, blocking, completing, code, *tests in read_rows(page):
        for function, test in zip((blocking, completing), tests):
            if function == NOTHING:
                continue
            codes = covered.setdefault(function, set())
            if test == NOTHING:
                continue
            codes.add(code)
            trouble = shown(function, code, test, source, answers)
            if trouble:
                wrong.append(f"line {number}: {function}, {code}: {trouble}")

    exports = [line for line in (source / "abi" / "exports.txt").read_text().splitlines() if line[:1].isalpha()]
    wrong += [f"{name} is exported and has no row" for name in exports if name not in covered]
    wrong += [f"{name} has rows and is not exported" for name in covered if name not in exports]
    claims = list(read_header(source / "include" / "cloudsync.h").items())
    claims += read_documented(source / "c-tests" / "documented_codes.txt")
    for name, codes in claims:
        missing = sorted(code for code in codes if str(code) not in covered.get(name, set()))
        wrong += [f"{name} may answer {code}, and has no row for it" for code in missing]

    print("\n".join(wrong))
    print(f"{len(exports)} exports, {sum(len(codes) for codes in covered.values())} answers, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
