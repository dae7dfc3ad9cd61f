#!/usr/bin/env bash
# Makes the speech clips of this folder again. Needs espeak-ng (1.51 was used) and sox (14.4.2 was used).
# Usage: simulator/assets/make-clips.sh   (writes the WAV files beside itself)
set -euo pipefail
cd "$(dirname "$0")"

ASSISTANT='-v en-us+f3 -p 55 -s 160'
CALLER='-v en-gb+m3 -p 35 -s 165'
LEVEL_DBFS=-21 # RMS over the trimmed clip: a normal telephone level, and the loudest of these voices at which no peak clips

# clip NAME VOICE_OPTIONS TEXT: speak, cut the silence at both ends, telephone band, 8 kHz 16-bit mono, level.
clip() {
  local name=$1 voice=$2 text=$3 raw flat rms
  raw=$(mktemp --suffix=.wav) flat=$(mktemp --suffix=.wav)
  # shellcheck disable=SC2086  # the voice is several options
  espeak-ng $voice -w "$raw" "$text"
  sox -D "$raw" -r 8000 -b 16 -c 1 "$flat" highpass 200 gain -6 rate -v 8000 \
    silence 1 0.01 0.3% reverse silence 1 0.01 0.3% reverse pad 0.02 0.02
  rms=$(sox "$flat" -n stats 2>&1 | awk '/^RMS lev dB/ {print $4}')
  sox -D "$flat" "$name.wav" gain "$(awk -v want="$LEVEL_DBFS" -v have="$rms" 'BEGIN {print want - have}')"
  rm -f "$raw" "$flat"
}

clip assistant-greeting "$ASSISTANT" \
  'Hello, you are speaking with an AI assistant. How can I help you?'
clip assistant-answer-long "$ASSISTANT" \
  'On Thursday we have a table for four at half past six, one by the window at a quarter past seven, and a quiet corner at eight. Which of these would you like me to book?'
clip assistant-answer-short "$ASSISTANT" \
  'All right, Friday it is. A table for four at seven. You will get a message with the details.'
clip assistant-keys "$ASSISTANT" \
  'Friday at seven is free. Please key in the last four digits of your phone number, and then the hash key.'
clip assistant-booked "$ASSISTANT" \
  'Thank you. Your table for four is booked, on Friday at seven, by the fireplace.'
clip assistant-goodbye "$ASSISTANT" \
  'You are welcome. Goodbye!'
clip caller-booking "$CALLER" \
  'Hi, I would like to book a table for four people on Thursday evening. What do you have?'
clip caller-interruption "$CALLER" \
  'Sorry, one moment, actually make it Friday.'
clip caller-goodbye "$CALLER" \
  'That is perfect, thank you very much. Goodbye.'
