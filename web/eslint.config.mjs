// Vue templates only; scripts are checked by oxlint and the compiler.
import parser from '@typescript-eslint/parser'
import vue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'

export default [
  ...vue.configs['flat/essential'],
  ...a11y.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser, sourceType: 'module' } },
    rules: {
      'vue/no-v-html': 'error',
      'vue/no-unused-components': 'error',
      'vue/no-template-target-blank': 'error',
      // Colours come from the tokens; Tailwind's palette is not part of the design.
      'vue/no-restricted-class': ['error', '/^(bg|text|border)-(red|blue|green|gray|slate|zinc|amber|yellow|indigo|white|black)(-|$)/'],
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      'vuejs-accessibility/form-control-has-label': 'off',
      'vuejs-accessibility/no-static-element-interactions': 'off',
      'vuejs-accessibility/mouse-events-have-key-events': 'off',
      // The log, the list and long panes scroll, so they take the focus for the keyboard.
      'vuejs-accessibility/no-aria-hidden-on-focusable': 'error',
      'vuejs-accessibility/interactive-supports-focus': 'error',
    },
  },
]
