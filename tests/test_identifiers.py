"""What may identify somebody is found, ordinary speech is not, and time stays linear."""

import time
from itertools import pairwise

import pytest

from tdfnlp.identifiers import KINDS, Flags, find_identifiers, flag
from tdfnlp.transcript import Transcript


def found(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find_identifiers(text)]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Well, my name is Orla Quint and I work here.", "name", "Orla Quint"),
        ("so my name's tobias and yeah", "name", "tobias"),
        ("my first name is Ines", "name", "Ines"),
        ("Her surname was O’Dowd, I think.", "name", "O’Dowd"),
        ("I'm Marek by the way.", "name", "Marek"),
        ("I’m Zoë Bell, hello.", "name", "Zoë Bell"),
        ("I'm called Petra", "name", "Petra"),
        ("Everyone calls me Jojo at work.", "name", "Jojo"),
        ("My manager is called Anneke.", "name", "Anneke"),
        ("a woman called Freda Marsh", "name", "Freda Marsh"),
        ("This is Tomasz speaking.", "name", "Tomasz"),
        ("It's Wilma here from the trial.", "name", "Wilma"),
        ("Thanks, Quentin, that helps.", "name", "Quentin"),
        ("I asked Dr Okonjo about it.", "name", "Okonjo"),
        ("Dr. Amara Okonjo-Bell said so", "name", "Amara Okonjo-Bell"),
        ("we went to see dr okonjo", "name", "okonjo"),
        ("Sister Philomena runs it", "name", "Philomena"),
        ("Mrs. Tuck on bed four", "name", "Tuck"),
        ("Professor Lindqvist", "name", "Lindqvist"),
        ("mail orla.quint+tea@example.ac.uk now", "e-mail", "orla.quint+tea@example.ac.uk"),
        ("orla at example dot org", "e-mail", "orla at example dot org"),
        ("orla (at) example.org", "e-mail", "orla (at) example.org"),
        ("ring 020 7946 0018 after six", "phone", "020 7946 0018"),
        ("it's 07700 900123.", "phone", "07700 900123"),
        ("07700900456", "phone", "07700900456"),
        ("+44 (0)20 7946 0958", "phone", "+44 (0)20 7946 0958"),
        ("call (555) 010-4477", "phone", "(555) 010-4477"),
        ("call 212-555-0143 now", "phone", "212-555-0143"),
        ("+1 212 555 0143", "phone", "+1 212 555 0143"),
        ("+33 1 70 18 99 00", "phone", "+33 1 70 18 99 00"),
        ("we live at LE3 9QA", "postcode", "LE3 9QA"),
        ("SW1A 1AA", "postcode", "SW1A 1AA"),
        ("M1 1AE", "postcode", "M1 1AE"),
        ("Springfield, IL 62704", "postcode", "IL 62704"),
        ("K1A 0B1", "postcode", "K1A 0B1"),
        ("at 14 Elm Road", "address", "14 Elm Road"),
        ("221B Upper Tanner Street, it was", "address", "221B Upper Tanner Street"),
        ("at 14 elm road", "address", "14 elm road"),
        ("Flat 12, the old mill", "address", "Flat 12"),
        ("it was 943 476 5919", "health number", "943 476 5919"),
        ("9434765919", "health number", "9434765919"),
        ("219-09-9999", "social security number", "219-09-9999"),
        ("QQ 12 34 56 C is an example, AB 12 34 56 C is a shape", "social security number",
         "AB 12 34 56 C"),
        ("my hospital number is 123456", "record number", "123456"),
        ("MRN: 00482913", "record number", "00482913"),
        ("patient id A-20411", "record number", "A-20411"),
        ("GMC number 7012345", "record number", "7012345"),
        ("I was born on the 3rd of March 1961", "date of birth", "the 3rd of March 1961"),
        ("born in 1948 I was", "date of birth", "1948"),
        ("DOB: 12/05/71", "date of birth", "12/05/71"),
        ("date of birth is 1961-03-09", "date of birth", "1961-03-09"),
        ("on 23/11/1979 in fact", "date of birth", "23/11/1979"),
        ("My mum is 92 and lives alone", "age over 89", "92"),
        ("a lady aged 101", "age over 89", "101"),
        ("he's 95 now", "age over 89", "95"),
        ("a 97-year-old", "age over 89", "97"),
        ("she was ninety-three years old", "age over 89", "ninety-three"),
        ("see https://example.org/u/orla?x=1 there", "web address", "https://example.org/u/orla?x=1"),
        ("on www.example.org/me", "web address", "www.example.org/me"),
        ("I tweet as @orla_quint", "handle", "@orla_quint"),
        ("a red one, AB12 CDE", "number plate", "AB12 CDE"),
    ],
)  # fmt: skip
def test_what_is_found(text: str, kind: str, words: str) -> None:
    assert found(text) == [(kind, words)]


SPEECH = """
I'm sorry|this is hard|I'm Scottish|I'm fine, thanks|At 10:30 we start|It was 2019|I give 20 mg
He went to ward 12|See you on Monday|I am a nurse|I'm Welsh, so I say it twice|I'm Band 6 now
I'm Type 2 diabetic|I'm really tired|I'm NHS through and through|I'm HCA trained|I'm OK with that
Thank you very much|Thanks God that is over|Hi there|Hello everyone|Hello Everyone, shall we start
Thanks for coming|My name is not on the rota|My name is on the door|My name was spelt wrong
Her name is hard to say|His name is always missing|The tool is called Datix
a form called the blue form|This is where it gets hard|This is Monday for you|It's here somewhere
It's here from the start|The doctor said no|The sister in charge|Nurse practitioners do it
Nurse Practitioner roles are new|Dr Google is the problem|The professor left
Miss it and you lose it|Miss the bus|Sir, that is not right|We see 20 to 30 patients a day
It costs 1500 pounds|About 50 percent|100 percent sure|I'm 100 percent sure|I'm 100% sure
He's 95 kg|She was 90 minutes late|I was 110 percent behind it|It's 95 degrees in there
I was 90 days without a day off|They were 100 miles away|He is 45|She's 60 next year|aged 18 to 65
a 40 year old man|over 65 years old|under ninety|ninety patients a week|ninety minutes|room 101
It was 98 on the monitor|His sats were 94|BP was 120 over 80|120/80 is fine|a temperature of 38.5
24/7 cover|nine to five|9 to 5|from 08:30 to 16:00|08.30 to 16.30 on weekdays
between 9.00 and 10.30|at half past 7|at 7pm|in 1998|in 2004 or 2005|2019-2020 was bad
the 2012 guideline|since March 2020|on the 3rd of March|on 5 May|by 31 December
two thousand and nineteen|the 1990s|in the year 2000|500 ml twice a day|0.25 mg|0.5 to 1.0 mg
1,000 units|12.5 mg/kg|5 x 10|3 out of 4|1 in 10|2 or 3 times|ward 4B|bay 3|bed 12|level 2|band 5
grade 7|year 2|step 1|type 1 diabetes|stage 3|version 2.0|page 14|vitamin B12|B12 and folate|H1N1
C diff|HbA1c of 48|T4 was up|FEV1|an S1 nerve|L4 and L5|COVID-19|A1c|section 136|form 11A|NG tube
NICE guideline CG161|policy number one|the policy number is long|case number two
your patient number one priority|unit number 4|hospital number is on the band|the record is kept
the account is closed|a pin is needed|my staff are great|passport to health|down the road
a long way|a 2 way street|a 20 minute drive|10 minutes walk|a one way street|the high street
a 2 lane road|3 busy streets|across the square|in the court|on the hill|two steps forward
a flat battery|at the end of the day|at home|at work at nine|look at it|point at dot one|dot the i
a dot on the chart|on the website|on Facebook|on Twitter|by e-mail|by text|on the phone
ring the bell|call me back|they call me when it breaks|people called in sick|who called it off
I called twice|he called the ward|I was born here|I was born and bred here|born in the north
born early|birthday cake|her birthday is soon|the date of birth is on the label
check the date of birth|a date for birth plans|my age|at my age|the number is wrong|number ten
I have no number|numbers are up|a large number of them|the number plate|www|dot com|the internet
at sign|my handle on it|an address|her address book|a postcode lottery|a name badge
names on a board|name it|what is in a name|the name of the tool|no names please
in the name of safety|I'm Christian|I'm Catholic|I am Muslim|I'm Polish, from the south
I am Indian|I'm Head of nursing|I'm Senior on shift|I'm Director level|I'm Deputy now
I'm In charge|I'm On call|I am The one who signs|I'm Not sure|I am Very happy|I'm So tired
I'm Just saying|I'm Well aware|It's Christmas here|this is Christmas from hell|This is England
It is Wednesday here already|dear me|oh dear|Dear all|hi|hello|thanks|Hi, I wanted to ask
Hello, is it on|Thanks, that is all|Mr and Mrs|the mrs|a dr said|MS is hard to live with
ms patients need rest|a rev counter|the father came|Father Christmas came
Mrs So-and-so said it|a mother of two
her partner is called in|the patient was named first author|1 2 3 4 5|10 20 30|100 200 300
12 weeks 3 days|2 by 2|1st 2nd 3rd|no 7|7 11|3 4 5 6|1000 2000 3000|it is 5 or 6|8 a.m.
1/2 a tablet|1/2/3 of them|and/or|he/she|yes/no|on 1/2|3/4 of us|16/10|50/50
"""
ORDINARY = SPEECH.strip().replace("\n", "|").split("|")


def test_ordinary_speech_is_left_alone() -> None:
    assert len(set(ORDINARY)) > 250
    for sentence in ORDINARY:
        for form in (sentence, sentence + ".", f"Well, {sentence}, you know?"):
            assert found(form) == [], form


def test_several_in_order_and_never_overlapping() -> None:
    text = (
        "I'm Dr Okonjo, 14 Elm Road, LE3 9QA; ring 020 7946 0018 or write to a.b@example.org.\n"
        "My name is Ines."
    )
    assert found(text) == [
        ("name", "Dr Okonjo"), ("address", "14 Elm Road"), ("postcode", "LE3 9QA"),
        ("phone", "020 7946 0018"), ("e-mail", "a.b@example.org"), ("name", "Ines"),
    ]  # fmt: skip


def test_health_numbers_are_checked() -> None:
    right = [n for n in range(943_476_5900, 943_476_6000) if found(str(n))]
    assert 943_476_5919 in right
    assert len(right) in (9, 10)  # one check digit per nine, none where it would be ten
    assert found("943 476 5918") == [("phone", "943 476 5918")]
    assert found("0000000000") == []


def test_flags_count_and_never_quote() -> None:
    talk = "Thanks, Quentin. My name is Orla, ring 020 7946 0018."
    flags = flag([
        Transcript("N04", talk, ()), Transcript("N05", "Nothing here.", ()),
        Transcript("N06", "I was born in 1948. I'm Marek. DOB 1/2/1948", ()),
    ])  # fmt: skip
    assert flags.counts == (
        ("N04", "name", 2), ("N04", "phone", 1), ("N06", "name", 1), ("N06", "date of birth", 2),
    )  # fmt: skip
    assert flags.summary() == (
        "possible identifiers: 3 names, 1 phone, 2 dates of birth in 2 transcripts; "
        "never certified clean"
    )
    assert not {"Quentin", "Orla", "Marek", "1948"} & set(repr(flags).replace("'", " ").split())
    assert flag([]).summary() == "possible identifiers: none found; never certified clean"
    many = Flags(tuple(("A", kind, 2) for kind in KINDS)).summary()
    assert "2 web addresses" in many
    assert "in 1 transcript;" in many


FRAGMENTS = [
    "my name is ", "I'm A", "Aa ", "a.", "a@", "a@a.", " dot a", "a dot ", "0", "0 ", "(0",
    "+4 ", "9", "943 476 591", "1-", "1/1/", "14 Elm ", "14 A", "A1", "AA11", "IL  ",
    "born on the ", "aged ", "I am ", "ninety ", "http://", "www.a", "x.com/", "@a",
    "patient number is ", "MRN ::", "record # ", " ", "\n", "\t", "called ", "Dr. A’", "((((",
    "-", "’", "flat ", "1st of ", "é", "I called ", "their name is ", "aged 99 ", "x called ",
    "I called Aa ",
]  # fmt: skip


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_repetition_of_anything_takes_linear_time(fragment: str) -> None:
    text = fragment * (2**17 // len(fragment))
    began = time.process_time()
    spans = find_identifiers(text)
    assert time.process_time() - began < 1
    assert all(one.end <= two.start for one, two in pairwise(spans))


def test_a_megabyte_takes_two_seconds_at_most() -> None:
    text = "".join(fragment * 500 for fragment in FRAGMENTS)
    text *= 2**20 // len(text) + 1
    began = time.process_time()
    find_identifiers(text)
    assert time.process_time() - began < 2 * len(text) / 2**20
