"use strict";
(() => {
  const {editions} = JSON.parse(document.getElementById("survey").textContent);
  const find = id => document.getElementById(id);
  const form = find("controls"), stage = find("stage"), all = find("all"), frame = find("frame");
  const state = {edition: 0, draws: new Map(), numbers: new Map(), answers: {}, link: {}, page: 0};
  const edition = () => editions[state.edition];

  // ------------------------------------------------------------------------- texts: taken apart, put together again

  const KEPT = new Set(("A B STRONG I EM U S SUB SUP BR P DIV SPAN UL OL LI TABLE THEAD TBODY TFOOT TR TD TH CAPTION H1 H2 H3 " +
    "H4 H5 H6 BLOCKQUOTE HR SMALL MARK FONT CENTER PRE CODE DL DT DD IMG").split(" "));
  const DROPPED = new Set(("SCRIPT STYLE IFRAME OBJECT EMBED TEMPLATE SVG MATH HEAD TITLE NOSCRIPT TEXTAREA SELECT LINK " +
    "META BASE AUDIO VIDEO CANVAS FRAMESET NOEMBED NOFRAMES XMP PLAINTEXT").split(" "));
  const ATTRIBUTES = ["colspan", "rowspan", "scope", "align", "dir", "lang"];
  const STYLES = ["text-align", "text-decoration", "font-weight", "font-style", "font-size", "color", "background-color",
    "vertical-align", "white-space", "width", "max-width", "border", "border-top", "border-right", "border-bottom",
    "border-left", "border-collapse", "padding", "margin"];

  const element = (name, attributes = {}, ...content) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...content);
    return made;
  };

  const safe = node => {
    if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.data)];
    const name = node.nodeName.toUpperCase();
    if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(name)) return [];
    const content = [...node.childNodes].flatMap(safe);
    if (!KEPT.has(name)) return content;
    if (name === "IMG") return [element("span", {class: "absent"}, `[picture: ${node.getAttribute("alt") || "not shown here"}]`)];
    const made = document.createElement(name === "A" ? "u" : name);
    for (const each of ATTRIBUTES) if (node.hasAttribute(each)) made.setAttribute(each, node.getAttribute(each));
    for (const each of STYLES) {
      const value = node.style.getPropertyValue(each);
      if (value && !/url|image|var\(/i.test(value)) made.style.setProperty(each, value);
    }
    made.append(...content);
    return [made];
  };
  const hypertext = text => {
    const body = new DOMParser().parseFromString(text, "text/html").body;
    return [...body.childNodes].flatMap(safe);
  };
  const escaped = text => text.replace(/[&<>]/g, each => `&#${each.charCodeAt(0)};`);
  const plain = text => new DOMParser().parseFromString(text, "text/html").body.textContent.trim().replace(/\s+/g, " ");

  // ------------------------------------------------------------------------------------------ the way through the flow

  const random = n => Math.floor(Math.random() * n);
  const shuffled = n => {
    const places = [...Array(n).keys()];
    for (let last = n - 1; last > 0; last--) {
      const other = random(last + 1);
      [places[last], places[other]] = [places[other], places[last]];
    }
    return places;
  };
  const remembered = (map, key, make) => {
    if (!map.has(key)) map.set(key, make());
    return map.get(key);
  };
  const ordered = test => (left, right) => left.trim() !== "" && right.trim() !== "" && test(Number(left), Number(right));
  const COMPARE = {
    EqualTo: (left, right) => left === right,
    NotEqualTo: (left, right) => left !== right,
    Contains: (left, right) => left.includes(right),
    DoesNotContain: (left, right) => !left.includes(right),
    Empty: left => left === "",
    NotEmpty: left => left !== "",
    GreaterThan: ordered((left, right) => left > right),
    GreaterThanOrEqual: ordered((left, right) => left >= right),
    LessThan: ordered((left, right) => left < right),
    LessThanOrEqual: ordered((left, right) => left <= right),
  };
  const selected = (answer, place) => {
    if (answer === undefined) return false;
    if (Array.isArray(answer)) return answer.includes(place);
    if (typeof answer === "object") {
      const cut = place.indexOf("/");
      return cut < 0 ? selected(answer[place], "") : selected(answer[place.slice(0, cut)], place.slice(cut + 1));
    }
    return answer === place;
  };

  const walk = () => {
    const survey = edition(), fields = new Map([["Q_Language", survey.language.toUpperCase()]]);
    const open = new Set(survey.fields.map(each => each.name));
    const shown = new Set(), pages = [], draws = [];
    let ending = null, loop = null, numbers = 0;

    const given = number => (loop && state.answers[`${number}#${loop.number}`]) ?? state.answers[number];
    const answerWords = number => {
      const question = survey.questions[number], answer = given(number);
      if (!question || answer === undefined) return "";
      const texts = new Map(question.choices.map(each => [each.id, each.text]));
      return (Array.isArray(answer) ? answer : [answer]).filter(each => typeof each === "string")
        .map(each => texts.get(each) ?? escaped(each)).join(", ");
    };
    const value = name => fields.get(name) ?? state.link[name] ?? "";
    const filled = (text, marks) => text.replace(/\$\{([^{}]*)\}/g, (whole, source) => {
      let found;
      if ((found = /^e:\/\/field\/(.+)$/i.exec(source))) {
        const held = value(found[1]);
        return held === "" && marks && open.has(found[1]) ? `<mark>[${escaped(found[1])}]</mark>` : held;
      }
      if ((found = /^lm:\/\/Field\/(\d+)$/.exec(source))) return loop?.fields[found[1]] ?? "";
      if ((found = /^rand:\/\/int\/(-?\d+):(-?\d+)$/.exec(source))) {
        const [low, high] = [Number(found[1]), Number(found[2])];
        return String(remembered(state.numbers, numbers++, () => low + random(high - low + 1)));
      }
      if ((found = /^q:\/\/(QID[^/]+)\/(?:ChoiceGroup\/SelectedChoices|ChoiceTextEntryValue)$/.exec(source))) {
        return answerWords(found[1]);
      }
      return marks ? `<mark>[${escaped(source)}]</mark>` : "";
    });
    const holds = asked => {
      if (asked.any) return asked.any.some(group => group.every(holds));
      if ("taken" in asked) return asked.taken;
      if ("field" in asked) return COMPARE[asked.operator](value(asked.field), filled(asked.to, false));
      if ("typed" in asked) {
        const answer = given(asked.typed);
        return COMPARE[asked.operator](typeof answer === "string" ? answer : "", asked.to);
      }
      if ("displayed" in asked) return shown.has(asked.question) === asked.displayed;
      return selected(given(asked.question), asked.choice) === asked.selected;
    };
    const choices = list => list.filter(each => !each.shows || holds(each.shows)).map(each => ({...each, text: filled(each.text, true)}));
    const worded = question => ({
      ...question,
      text: filled(question.text, true),
      choices: choices(question.choices),
      answers: choices(question.answers),
      parts: question.parts.map(worded),
      key: loop ? `${question.id}#${loop.number}` : question.id,
    });
    const showBlock = block => {
      for (const [place, page] of block.pages.entries()) {
        const items = [];
        for (const number of page) {
          const question = survey.questions[number], visible = !question.shows || holds(question.shows);
          if (visible) shown.add(number);
          items.push({...worded(question), visible});
        }
        if (items.some(each => each.visible)) pages.push({block: block.name, place, loop, items});
      }
    };
    const run = nodes => nodes.some(step);
    const step = ([kind, ...rest]) => {
      if (kind === "all") return run(rest[0]);
      if (kind === "if") return holds(rest[0]) && run(rest[1]);
      if (kind === "end") { ending = rest[0]; return true; }
      if (kind === "set") {
        for (const [name, text] of rest[0]) {
          if (text !== null) fields.set(name, filled(survey.texts[text], false));
          else if (!fields.has(name)) fields.set(name, state.link[name] ?? "");
        }
        return false;
      }
      if (kind === "draw") {
        const [number, subset, below, facets] = rest;
        let order = remembered(state.draws, number, () => shuffled(below.length).slice(0, subset));
        if (order.some(each => each >= below.length)) state.draws.set(number, order = shuffled(below.length).slice(0, subset));
        draws.push({number, facets, order});
        return run(order.map(each => below[each]));
      }
      const block = survey.blocks[rest[0]];
      if (!block) return false;
      const loops = Object.entries(block.loops);
      for (const [number, values] of loops.length ? loops : [[null, null]]) {
        loop = number === null ? null : {number, fields: values};
        showBlock(block);
      }
      loop = null;
      return false;
    };
    run(survey.flow);
    return {pages, draws, ending, fields};
  };

  // ------------------------------------------------------------------------------------------------- drawing a question

  let names = 0;
  const code = text => element("span", {class: "code"}, ` [${text}]`);
  const caption = (question, name = "legend", attributes = {}) => {
    const words = element(name, {class: "words", ...attributes}, ...hypertext(question.text));
    if (question.required) words.append(element("span", {class: "code"}, " (an answer is required)"));
    words.append(code(question.tag));
    return words;
  };
  const keep = (question, change) => {
    const before = state.answers[question.key];
    const after = change(before);
    if (after === undefined || after === "" || (Array.isArray(after) && !after.length)) delete state.answers[question.key];
    else state.answers[question.key] = after;
    refresh();
  };
  const held = (question, row) => row === undefined ? state.answers[question.key] : state.answers[question.key]?.[row];
  const keepRow = (question, row, value) => keep(question, before =>
    ({...(before && typeof before === "object" && !Array.isArray(before) ? before : {}), [row]: value}));
  const put = (question, row, value) => row === undefined ? keep(question, () => value) : keepRow(question, row, value);

  const option = (question, choice, type, name, {row, label} = {}) => {
    const id = `answer-${names++}`, now = held(question, row);
    const input = element("input", {type, id, name, value: choice.id});
    input.checked = type === "radio" ? now === choice.id : Array.isArray(now) && now.includes(choice.id);
    input.addEventListener("change", () => {
      if (type === "radio") return put(question, row, choice.id);
      const rest = (Array.isArray(held(question, row)) ? held(question, row) : []).filter(each => each !== choice.id);
      return put(question, row, input.checked ? [...rest, choice.id] : rest);
    });
    const told = element("label", {for: id}, ...hypertext(choice.text));
    if (label) told.prepend(element("span", {class: "hearing"}, `${label}: `));
    told.append(code(choice.code));
    const option = element("div", {class: "option"}, input, told);
    if (choice.entry) option.append(element("input", {type: "text", "aria-label": `${plain(choice.text)}: your words`}));
    return option;
  };
  const set = (question, className, ...content) => element("fieldset", {class: className}, caption(question), ...content);
  const options = (question, type) => {
    const name = `question-${names++}`;
    return set(question, "options", ...question.choices.map(each => option(question, each, type, name)));
  };
  const picker = (question, choices, row, attributes) => {
    const made = element("select", attributes, element("option", {value: ""}, "Choose"));
    made.append(...choices.map(each => element("option", {value: each.id}, plain(each.text))));
    made.value = held(question, row) ?? "";
    made.addEventListener("change", () => put(question, row, made.value || undefined));
    return made;
  };
  const line = (question, row, attributes, name = "input") => {
    const made = element(name, name === "input" ? {type: "text", ...attributes} : {rows: 4, ...attributes});
    made.value = held(question, row) ?? "";
    made.addEventListener("input", () => put(question, row, made.value));
    return made;
  };
  const labelled = (question, make) => {
    const id = `answer-${names++}`;
    const words = caption(question, "div", {id: `${id}-words`});
    return element("div", {}, words, make({id, "aria-labelledby": `${id}-words`}));
  };
  const rows = (question, make) => set(question, "rows", ...question.choices.map(each => {
    const id = `answer-${names++}`;
    return element("div", {class: "row"}, element("label", {for: id}, ...hypertext(each.text), code(each.code)), make(each, id));
  }));
  const slider = question => rows(question, (each, id) => {
    const [low, high, step] = question.range, output = element("output", {for: id});
    const made = element("input", {type: "range", id, min: low, max: high, step});
    const now = held(question, each.id);
    made.value = now ?? (low + high) / 2;
    output.textContent = now ?? "–";
    made.addEventListener("input", () => { output.textContent = made.value; put(question, each.id, made.value); });
    const [left, right] = question.ends.length > 1 ? [question.ends[0], question.ends.at(-1)] : [String(low), String(high)];
    made.setAttribute("aria-label", plain(each.text) || plain(question.text));
    return element("span", {class: "slide"}, element("span", {}, ...hypertext(left)), made, element("span", {}, ...hypertext(right)), output);
  });
  const ranks = question => rows(question, (each, id) =>
    picker(question, question.choices.map((_, place) => ({id: String(place + 1), text: String(place + 1)})), each.id, {id}));
  const grid = (question, type) => {
    const body = question.choices.map(row => {
      const name = `question-${names++}`, label = plain(row.text);
      const cells = question.answers.map(each => element("td", {}, type === "text"
        ? line(question, `${row.id}/${each.id}`, {"aria-label": `${label}: ${plain(each.text)}`})
        : option(question, each, type, name, {row: row.id, label})));
      return element("tr", {}, element("th", {scope: "row"}, ...hypertext(row.text), code(row.code)), ...cells);
    });
    const head = element("tr", {}, element("td"), ...question.answers.map(each => element("th", {scope: "col"}, ...hypertext(each.text), code(each.code))));
    return set(question, "grid", element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
  };
  const beside = question => set(question, "beside", ...question.parts.map((part, place) =>
    drawn({...part, key: `${question.key}/${place}`, choices: part.choices.length ? part.choices : question.choices})));
  const unknown = question => element("div", {}, caption(question, "div"),
    element("p", {class: "absent"}, "This preview does not draw questions of this type."),
    ...question.choices.map(each => element("p", {}, ...hypertext(each.text))));

  const DRAW = {
    words: question => caption(question, "div"),
    nothing: question => element("p", {class: "code"}, `[${question.tag}: ${question.remarks.join("; ")}]`),
    radios: question => options(question, "radio"),
    checks: question => options(question, "checkbox"),
    captcha: question => element("div", {}, caption(question, "div"), element("p", {class: "absent"}, "Here stands a box to tick that shows that somebody is human.")),
    list: question => labelled(question, given => picker(question, question.choices, undefined, given)),
    line: question => labelled(question, given => line(question, undefined, given)),
    area: question => labelled(question, given => line(question, undefined, given, "textarea")),
    lines: question => rows(question, (each, id) => line(question, each.id, {id})),
    numbers: question => rows(question, (each, id) => line(question, each.id, {id, inputmode: "decimal"})),
    slider, ranks, beside, unknown,
    grid: question => grid(question, "radio"),
    "grid-checks": question => grid(question, "checkbox"),
    "grid-lines": question => grid(question, "text"),
    "grid-list": question => rows(question, (each, id) => picker(question, question.answers, each.id, {id})),
  };
  const drawn = question => {
    const made = element("div", {class: `question ${question.drawn}`, "data-question": question.id}, DRAW[question.drawn](question));
    made.hidden = question.visible === false;
    return made;
  };

  // --------------------------------------------------------------------------------------------------------- the page

  let way = walk();
  const where = place => place < way.pages.length ? `Page ${place + 1} of ${way.pages.length}` : "End of the survey";
  const ended = () => element("div", {class: "question"}, element("p", {}, "As answered so far, the survey ends here. ", way.ending ?? ""));
  const drawnPage = page => [
    ...(page.loop ? [element("p", {class: "code"}, `Loop ${page.loop.number}`)] : []),
    ...page.items.map(drawn),
  ];
  const framed = (text, name) => text ? [element("div", {class: name}, ...hypertext(text))] : [];

  const show = ({focus = false, message = ""} = {}) => {
    way = walk();
    state.page = Math.max(0, Math.min(state.page, way.pages.length));
    const page = way.pages[state.page];
    const heading = element("h2", {tabindex: "-1", id: "place"}, where(state.page));
    [stage.lang, stage.dir] = [edition().language, edition().direction];
    stage.replaceChildren(...framed(edition().header, "header"), ...(page ? drawnPage(page) : [ended()]), ...framed(edition().footer, "footer"));
    find("heading").replaceChildren(heading);
    find("back").disabled = state.page === 0;
    find("next").disabled = !page;
    if (!all.hidden) showAll();
    told(message || where(state.page));
    showDraws();
    if (focus) {
      heading.focus({preventScroll: true});
      frame.scrollIntoView({block: "nearest"});
    }
  };
  const refresh = () => {
    way = walk();
    const page = way.pages[state.page];
    for (const each of stage.querySelectorAll("[data-question]")) {
      const item = page?.items.find(item => item.id === each.dataset.question);
      if (item) each.hidden = !item.visible;
    }
    find("place").textContent = where(state.page);
    showDraws();
  };
  const told = message => { find("status").textContent = message; };
  const showAll = () => {
    [all.lang, all.dir] = [edition().language, edition().direction];
    all.replaceChildren(...way.pages.map((page, place) => element("section", {class: "page", "aria-label": where(place)},
      element("h3", {}, where(place)), ...drawnPage(page))), element("section", {class: "page"}, ended()));
  };

  // ------------------------------------------------------------------------------------------------- what is decided

  const showDraws = () => {
    const open = document.activeElement?.id, made = [], groups = new Map();
    for (const draw of way.draws) {
      draw.facets.forEach((facet, place) => {
        const id = `draw-${draw.number}-${place}`;
        const select = element("select", {id}, ...facet.values.map((each, value) => element("option", {value}, each)));
        select.value = facet.of[draw.order[0]];
        select.addEventListener("change", () => choose(draw, place, Number(select.value)));
        const line = element("div", {class: "choice"}, element("label", {for: id}, facet.label), select);
        if (!facet.group) made.push(line);
        else remembered(groups, facet.group, () => []).push(line);
      });
    }
    const opened = new Set([...document.querySelectorAll("#draws details[open]")].map(each => each.dataset.group));
    for (const [name, lines] of groups) {
      made.push(element("details", {"data-group": name, open: groups.size < 3 || opened.has(name)}, element("summary", {}, name), ...lines));
    }
    find("draws").replaceChildren(...made);
    find("unmet").hidden = way.draws.length >= countDraws(edition().flow);
    find("random").disabled = !countDraws(edition().flow);
    if (open?.startsWith("draw-")) find(open)?.focus();
  };
  const below = ([kind, ...rest]) => kind === "draw" ? rest[2] : kind === "if" ? rest[1] : kind === "all" ? rest[0] : [];
  const first = nodes => nodes.length ? countDraws([nodes[0]]) : 0;
  const countDraws = nodes => nodes.reduce((sum, node) => sum + (node[0] === "draw" ? 1 + first(below(node)) : countDraws(below(node))), 0);

  const choose = (draw, place, wanted) => {
    const now = draw.order[0], facet = draw.facets[place];
    const alike = child => draw.facets.filter(each => each.of[child] === each.of[now]).length;
    const fitting = facet.of.map((value, child) => [value, child]).filter(([value]) => value === wanted).map(([, child]) => child);
    const child = fitting.reduce((best, each) => alike(each) > alike(best) ? each : best);
    const others = draw.facets.filter((each, other) => other !== place && each.of[child] !== each.of[now]
      && new Set(each.of).size < each.of.length);
    state.draws.set(draw.number, [child]);
    const changed = others.length ? ` Changed with it, because it is not shown otherwise: ${others.map(each => each.label).join(", ")}.` : "";
    show({message: `${facet.label}: ${facet.values[wanted]}.${changed}`});
  };
  const another = () => {
    state.draws.clear();
    state.numbers.clear();
    show({message: "Another vignette, drawn at random."});
  };

  const showFields = () => {
    find("fields").replaceChildren(...edition().fields.map((each, place) => {
      const id = `field-${place}`, label = element("label", {for: id}, each.label);
      const made = each.values.length
        ? element("select", {id}, element("option", {value: ""}, "not set"), ...each.values.map(([value, words]) => element("option", {value}, words)))
        : element("input", {id, type: "text"});
      made.value = state.link[each.name] ?? "";
      made.addEventListener("change", () => { state.link[each.name] = made.value; show({message: `${each.label} is set.`}); });
      return element("div", {class: "choice"}, label, made);
    }));
    find("given").hidden = !edition().fields.length;
  };

  // --------------------------------------------------------------------------------------------------------- controls

  const go = by => { state.page += by; show({focus: true}); };
  const view = () => {
    const chosen = new FormData(form);
    frame.className = chosen.get("width");
    frame.classList.toggle("coded", chosen.has("codes"));
    all.hidden = chosen.get("pages") !== "all";
    find("single").hidden = !all.hidden;
    if (!all.hidden) showAll();
    else show();
  };
  const languages = find("language");
  const called = code => {
    try { return new Intl.DisplayNames(["en"], {type: "language"}).of(code); } catch { return code; }
  };
  editions.forEach((each, place) => languages.add(new Option(called(each.language), place)));
  find("languages").hidden = editions.length < 2;
  languages.addEventListener("change", () => {
    state.edition = Number(languages.value);
    showFields();
    show({message: `Language: ${called(edition().language)}.`});
  });
  find("back").addEventListener("click", () => go(-1));
  find("next").addEventListener("click", () => go(1));
  find("random").addEventListener("click", another);
  find("restart").addEventListener("click", () => { state.answers = {}; state.page = 0; show({focus: true, message: "All answers are gone."}); });
  find("print").addEventListener("click", () => { showAll(); window.print(); });
  window.addEventListener("beforeprint", showAll);
  matchMedia("print").addEventListener("change", event => { if (event.matches) showAll(); });
  form.addEventListener("submit", event => event.preventDefault());
  for (const each of form.querySelectorAll("[data-view]")) each.addEventListener("change", view);
  if (window.innerWidth < 900) for (const each of document.querySelectorAll("details.wide")) each.open = false;
  if (window.innerWidth < 600) find("width").value = "phone";
  document.body.classList.add("ready");
  showFields();
  view();
})();
